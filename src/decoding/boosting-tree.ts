/**
 * Phrase boosting: an Aho-Corasick tree of key phrases as a fusion model (NeMo `ContextGraph`, `GPUBoostingTreeModel`; after Icefall).
 *
 * Each matched token earns a bonus, later ones more than the first. Leaving a phrase half way pays the bonus back; leaving it at its end does
 * not, so a whole phrase keeps what it earned.
 */
import { type BackoffGraph, BackoffGraphBuilder, ROOT } from './backoff-graph.ts';

export type BoostedPhrase = {
  readonly tokens: readonly number[];
  /** Bonus of a token of this phrase; 0 takes `contextScore`. */
  readonly score: number;
};

export type BoostingTreeOptions = {
  readonly vocabularySize: number;
  readonly contextScore: number;
  /** Factor for all tokens of a phrase but the first. */
  readonly depthScaling: number;
  /** Score of tokens that begin no phrase. */
  readonly unknownScore: number;
  /** Score of ending after a whole phrase; attention decoders use it. */
  readonly finalEosScore: number;
  /** The same bonus for every token, and the sum again at the end, as in Icefall. */
  readonly uniformWeights: boolean;
};

type Node = {
  readonly token: number;
  readonly next: Map<number, Node>;
  tokenScore: number;
  nodeScore: number;
  isEnd: boolean;
  fail: Node;
  state: number;
};

export function buildBoostingTree(phrases: readonly BoostedPhrase[], options: BoostingTreeOptions): BackoffGraph {
  const root = newNode(-1, undefined);
  for (const phrase of phrases) addPhrase(root, phrase, options);
  linkFailures(root);

  const { vocabularySize, unknownScore, finalEosScore, uniformWeights } = options;
  const builder = new BackoffGraphBuilder(vocabularySize);
  builder.setFinal(ROOT, 0);
  for (let token = 0; token < vocabularySize; token++)
    if (!root.next.has(token)) builder.addArc(ROOT, token, ROOT, unknownScore);
  for (const { node, parent } of breadthFirst(root)) {
    const isFirst = parent === root;
    const keepsBonus = node.isEnd && (isFirst || !uniformWeights);
    const backoff = keepsBonus ? 0 : node.fail.nodeScore - node.nodeScore;
    node.state = builder.addState(node.fail.state, backoff, node.isEnd ? finalEosScore : 0);
    const bonus = uniformWeights && node.isEnd && !isFirst ? node.nodeScore : 0;
    builder.addArc(parent.state, node.token, node.state, node.tokenScore + bonus);
  }
  return builder.build(ROOT);
}

function addPhrase(
  root: Node,
  { tokens, score }: BoostedPhrase,
  { contextScore, depthScaling, uniformWeights }: BoostingTreeOptions,
): void {
  const base = score === 0 ? contextScore : score;
  let node = root;
  tokens.forEach((token, index) => {
    let next = node.next.get(token);
    if (next) {
      // NeMo compares with the base score, not with the scaled one: a shared token keeps the greater of the two.
      next.tokenScore = Math.max(base, next.tokenScore);
    } else {
      next = newNode(token, root);
      next.tokenScore = index > 0 && !uniformWeights ? base * depthScaling + Math.log(index + 1) : base;
      node.next.set(token, next);
    }
    next.nodeScore = node.nodeScore + next.tokenScore;
    next.isEnd ||= index === tokens.length - 1;
    node = next;
  });
}

function newNode(token: number, fail: Node | undefined): Node {
  const node = { token, next: new Map<number, Node>(), tokenScore: 0, nodeScore: 0, isEnd: false, state: ROOT };
  return Object.assign(node, { fail: fail ?? (node as unknown as Node) }) as Node;
}

/** Each node's longest proper suffix that is in the tree. */
function linkFailures(root: Node): void {
  for (const { node, parent } of breadthFirst(root)) {
    if (parent === root) continue;
    let fail = parent.fail;
    while (fail !== root && !fail.next.has(node.token)) fail = fail.fail;
    node.fail = fail.next.get(node.token) ?? root;
  }
}

function* breadthFirst(root: Node): Generator<{ readonly node: Node; readonly parent: Node }> {
  const queue = [root];
  for (const parent of queue) {
    for (const node of parent.next.values()) {
      yield { node, parent };
      queue.push(node);
    }
  }
}
