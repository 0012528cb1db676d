// Rings of Natural Earth polygons, made fit for a flat map: world-atlas has joined them across the antimeridian.

/**
 * @typedef {readonly [longitude: number, latitude: number]} Point degrees
 * @typedef {readonly Point[]} Ring
 */

/**
 * The item, counted from the end when `index` is negative.
 * @template T
 * @param {readonly T[]} items @param {number} index
 */
export function at(items, index) {
  const item = items.at(index);
  if (item === undefined) throw new Error(`a list of ${items.length} has no item ${index}`);
  return item;
}

/**
 * Outer rings of the polygons of a GeoJSON feature, feature collection or geometry.
 * @param {import("geojson").GeoJSON} shape
 * @returns {Ring[]}
 */
export function outerRings(shape) {
  if (shape.type === "FeatureCollection") return shape.features.flatMap(outerRings);
  if (shape.type === "Feature") return outerRings(shape.geometry);
  if (shape.type === "Polygon") return [ringOf(at(shape.coordinates, 0))];
  if (shape.type === "MultiPolygon") return shape.coordinates.map((polygon) => ringOf(at(polygon, 0)));
  return [];
}

/** @param {readonly import("geojson").Position[]} positions @returns {Ring} */
function ringOf(positions) {
  return positions.map((position) => [at(position, 0), at(position, 1)]);
}

/**
 * The ring with longitudes that go on past ±180 instead of jumping.
 * @param {Ring} ring
 * @returns {Ring}
 */
export function unwrapped(ring) {
  let shift = 0;
  return ring.map(([longitude, latitude], index) => {
    const step = index === 0 ? 0 : longitude - at(ring, index - 1)[0];
    if (step > 180) shift -= 360;
    else if (step < -180) shift += 360;
    return [longitude + shift, latitude];
  });
}

/**
 * One ring cut into the rings that lie in -180..180; one around the pole is led along the map's lower edge.
 * @param {Ring} ring
 */
export function flatRings(ring) {
  const whole = aroundPole(unwrapped(ring));
  return [-360, 0, 360]
    .map((shift) =>
      whole.map(([longitude, latitude]) => /** @type {const} */ ([longitude + shift, latitude])),
    )
    .map((moved) =>
      clip(
        clip(moved, (x) => x >= -180, -180),
        (x) => x <= 180,
        180,
      ),
    )
    .filter((part) => part.length > 2);
}

/**
 * Antarctica is the one ring that ends a turn away from where it began.
 * @param {Ring} ring
 * @returns {Ring}
 */
function aroundPole(ring) {
  const [first, last] = [at(ring, 0), at(ring, -1)];
  if (Math.abs(last[0] - first[0]) < 180) return ring;
  return [...ring, [last[0], -90], [first[0], -90]];
}

/**
 * Sutherland and Hodgman, against one meridian.
 * @param {Ring} ring @param {(longitude: number) => boolean} isInside @param {number} meridian
 * @returns {Ring}
 */
function clip(ring, isInside, meridian) {
  return ring.flatMap((point, index) => {
    const before = at(ring, index - 1);
    /** @returns {Point} */
    const crossing = () => {
      const share = (meridian - before[0]) / (point[0] - before[0]);
      return [meridian, before[1] + share * (point[1] - before[1])];
    };
    if (isInside(point[0])) return isInside(before[0]) ? [point] : [crossing(), point];
    return isInside(before[0]) ? [crossing()] : [];
  });
}

/**
 * Area and centroid on the sphere, by the equal-area cylindrical projection (longitude, sin latitude).
 * @param {Ring} ring
 */
export function centroid(ring) {
  const points = aroundPole(unwrapped(ring)).map(
    ([longitude, latitude]) => /** @type {const} */ ([longitude, Math.sin(rad(latitude))]),
  );
  let [area, x, y] = [0, 0, 0];
  for (const [index, [x1, y1]] of points.entries()) {
    const [x2, y2] = at(points, (index + 1) % points.length);
    const cross = x1 * y2 - x2 * y1;
    area += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  }
  /** @type {Point} */
  const point = [x / (3 * area), deg(Math.asin(y / (3 * area)))];
  return { area: Math.abs(area / 2), point };
}

/**
 * The centroid when it is inside, else the middle of the widest stretch of land at its latitude.
 * @param {Ring} ring
 * @returns {Point}
 */
export function innerPoint(ring) {
  const [longitude, latitude] = centroid(ring).point;
  const points = aroundPole(unwrapped(ring));
  /** @type {number[]} */
  const crossings = [];
  for (const [index, [x1, y1]] of points.entries()) {
    const [x2, y2] = at(points, (index + 1) % points.length);
    if (y1 > latitude !== y2 > latitude) crossings.push(x1 + ((latitude - y1) / (y2 - y1)) * (x2 - x1));
  }
  crossings.sort((a, b) => a - b);
  /** @type {[from: number, to: number][]} */
  const stretches = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) stretches.push([at(crossings, i), at(crossings, i + 1)]);
  if (stretches.some(([from, to]) => from <= longitude && longitude <= to))
    return [onMap(longitude), latitude];
  stretches.sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  const [from, to] = at(stretches, 0);
  return [onMap((from + to) / 2), latitude];
}

/** @param {number} longitude */
function onMap(longitude) {
  if (longitude > 180) return longitude - 360;
  return longitude < -180 ? longitude + 360 : longitude;
}

/** @param {number} degrees */
function rad(degrees) {
  return (degrees * Math.PI) / 180;
}

/** @param {number} radians */
function deg(radians) {
  return (radians * 180) / Math.PI;
}
