/** A line of the bench's table. */
export type Row = {
  readonly what: string;
  readonly value: number | string;
  readonly unit: string;
  readonly note?: string;
};
