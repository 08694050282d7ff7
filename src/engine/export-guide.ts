/** The text beside exported graphs: how another ONNX runtime feeds them. What it says was run with onnxruntime in Python. */

/** `README.md` of an export. */
export const EXPORT_GUIDE: string = `# ONNX graphs exported by Sotto

\`sotto.json\` names the graphs, the data files each one needs (in the same folder) and the model's spec. Inputs and outputs are
float32 whatever the weights are; \`int8\` and \`int4\` use operators of onnxruntime's own (domain com.microsoft).

\`subsampling.onnx\` takes \`features\` [1, numMels, frames], valid frames only: no padding column (but see \`paddingMatters\` in the spec).
\`encoder.onnx\` takes the \`subsampled\` it gives; where there is none, the encoder takes \`features\` itself. \`subsampling_masked.onnx\` and
\`encoder_masked.onnx\` are the same for batches, with masks. Heads take \`encoded\` [1, frames, size]: \`ctc.onnx\` gives \`log_probs\`;
\`projection.onnx\`, \`predictor.onnx\` and \`joint.onnx\` are a transducer; \`cross.onnx\` and \`decoder_step.onnx\` an attention decoder;
\`classification.onnx\` gives \`scores\`.

An encoder with relative positions also takes \`position_<layer>\`, which depend on the number of frames only:

    import numpy as np, onnxruntime as ort

    subsampled, = ort.InferenceSession('subsampling.onnx').run(['subsampled'], {'features': features})
    frames, size = subsampled.shape[1:]
    positions = np.arange(frames, -frames, -1)[:, None]
    angles = positions * np.exp(np.arange(0, size, 2) * (-np.log(10000) / size))
    table = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(2 * frames, size)
    projected = ort.InferenceSession('positions.onnx')
    outputs = [output.name for output in projected.get_outputs()]
    values = projected.run(outputs, {'position_table': table.astype(np.float32)})
    encoder = ort.InferenceSession('encoder.onnx')
    encoded, = encoder.run(['encoded'], {'subsampled': subsampled, **dict(zip(outputs, values))})
`;
