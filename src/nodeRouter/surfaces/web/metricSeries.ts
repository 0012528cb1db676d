// How one metric is put together: named, with labels that Prometheus takes, and with no line for what nobody knows.
import { Counter, Gauge, type Registry } from "prom-client";

const PREFIX = "openclaw_node_router_";

/** Longer label values are cut: they come from nodes. No configured name is longer. */
export const MAX_LABEL_LENGTH = 253;

type Labels = Readonly<Record<string, string | null | undefined>>;

/** Metrics of a record's fields. */
type Numbers<Field> = readonly (readonly [name: string, help: string, field: Field])[];

type SetValue = (value: number | null, labels?: Labels, shared?: SharedLabels) => void;
type FillGauge = (set: SetValue) => void;
/** Makes a metric; what it returns sets one series, as `fill` does at once. */
export type AddMetric = (
  name: string,
  help: string,
  labelNames?: readonly string[],
  fill?: FillGauge,
) => SetValue;

/** One line. The library writes `sharedLabels` behind `labels`, and what it made of the same object once it uses again. */
interface Series {
  readonly value: number;
  readonly labels: Record<string, string>;
  readonly sharedLabels: SharedLabels;
}

/** One object for many series. */
export type SharedLabels = Record<string, string>;
const NO_LABELS: SharedLabels = {};

/**
 * A gauge that hands its series over as they are. Everything is set once, with names from here, for a single answer:
 * the library's map of hashes and its checks would take longer than all the rest.
 */
class SeriesGauge extends Gauge {
  readonly series: Series[] = [];

  override async get() {
    return { ...(await super.get()), values: this.series };
  }
}

/** What adds gauges to the registry. */
export function gaugesIn(registry: Registry): AddMetric {
  return adding(registry, SeriesGauge, ({ series }, one) => series.push(one));
}

/** What adds counters to the registry. */
export function countersIn(registry: Registry): AddMetric {
  return adding(registry, Counter, (made, { labels, value }) => made.inc(labels, value));
}

/** A metric for each of the fields; what a field has in ms is told in seconds. */
export function addNumbers<Field extends string>(
  add: AddMetric,
  numbers: Numbers<Field>,
  labelNames: readonly string[],
  each: (
    put: (of: Readonly<Record<Field, number | null>>, labels?: Labels, shared?: SharedLabels) => void,
  ) => void,
): void {
  for (const [name, help, field] of numbers) {
    const told = field.endsWith("Ms") ? seconds : (value: number | null) => value;
    add(name, help, labelNames, (set) => each((of, labels, shared) => set(told(of[field]), labels, shared)));
  }
}

type Config = ConstructorParameters<typeof Counter>[0];

/** Makes a metric of that kind, and puts in what is known. */
function adding<M>(
  registry: Registry,
  Kind: new (config: Config) => M,
  put: (metric: M, series: Series) => void,
): AddMetric {
  return (name, help, labelNames = [], fill) => {
    const made = new Kind({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
    const set: SetValue = (value, labels, sharedLabels = NO_LABELS) => {
      if (value === null || !Number.isFinite(value)) return;
      put(made, { value, labels: labels === undefined ? NO_LABELS : cleaned(labels), sharedLabels });
    };
    fill?.(set);
    return set;
  };
}

/** Prometheus reads an empty label as none. */
function cleaned(labels: Labels): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const name in labels) clean[name] = cutLabel(labels[name] ?? "");
  return clean;
}

/** As long as a label's value may be. */
export function cutLabel(value: string): string {
  return value.length > MAX_LABEL_LENGTH ? value.slice(0, MAX_LABEL_LENGTH) : value;
}

/** Null: nobody knows. */
export function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
