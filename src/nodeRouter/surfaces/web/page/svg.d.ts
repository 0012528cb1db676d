// An SVG file is text to the page: the build puts it in.
declare module "*.svg" {
  const text: string;
  export default text;
}
