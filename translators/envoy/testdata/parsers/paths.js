// For each path on a line of its input, prints what Node's parsers read it as,
// tab-separated.
const path = require("path"), url = require("url"), lines = require("readline").createInterface({ input: process.stdin });

function tried(f) {
  try {
    return f();
  } catch {
    return undefined; // a server that refuses a path does not serve it
  }
}

lines.on("line", (p) => {
  let readings = [p, new URL("http://h" + p).pathname, tried(() => new URL(p, "http://h").pathname), tried(() => url.parse(p).pathname), tried(() => decodeURI(p)),
    tried(() => decodeURIComponent(p)), tried(() => decodeURIComponent(decodeURIComponent(p))), unescape(p), tried(() => require("querystring").unescape(p))];
  readings = readings.filter((r) => typeof r === "string");
  readings = readings.concat(readings.map((r) => path.posix.normalize(r)), readings.map((r) => path.win32.normalize(r).replaceAll("\\", "/")));
  console.log(readings.filter((r) => !/[\n\t\r]/.test(r)).join("\t"));
});
