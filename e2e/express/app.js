// A small order desk in Express; `node --require @opentelemetry/auto-instrumentations-node/register app.js` is all that
// traces it. Prints the port that it listens at, on a line of its own, once it accepts connections.

const express = require("express");

const app = express();

app.get("/orders/:order", (request, response) => {
  response.json({ order: request.params.order, items: [{ name: "lamp", count: 2 }] });
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(server.address().port);
});
