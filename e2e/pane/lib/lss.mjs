// ZPA User Activity as LSS sends it: one JSON object a line over TCP, nothing comes back.

import { connect } from "node:net";
import { randomBytes } from "node:crypto";

/** The same record from a template that has none of the set-up's timers. */
export function withoutTimers(line) {
  const { fl, CAProcessingTime, AppLearnTime, ConnectorZENSetupTime, ConnectionSetupTime, ...rest } = JSON.parse(line);
  return JSON.stringify(rest);
}

/** Sends lines and closes. */
export function sendLines(lss, lines) {
  const [host, port] = lss.split(":");
  return new Promise((done, fail) => {
    const socket = connect(Number(port), host, () => socket.end(lines.map((line) => `${line}\n`).join("")));
    socket.on("error", fail);
    socket.on("close", done);
    socket.resume();
  });
}

const micros = (nanos) => Number(nanos / 1000n);

/**
 * One record of a connection. `start` is in nanoseconds; the set-up's parts and the waits are in milliseconds.
 */
export function record(connection) {
  const session = connection.session ?? randomBytes(10).toString("hex");
  const at = (millis) => (millis === null || millis === undefined ? 0 : micros(connection.start) + Math.round(millis * 1000));
  const { policy = 0.03, edge = 0, connector = 0, server = 0, lasts = null, blocked = false } = connection;
  const setup = edge + connector + server;
  const us = (millis) => (blocked ? 0 : Math.round(millis * 1000));
  const fields = {
    fl: "zpa.ua/1",
    LogTimestamp: at(lasts ?? setup),
    Customer: "Example",
    SessionID: session,
    ConnectionID: `${session},${randomBytes(8).toString("hex")}`,
    InternalReason: connection.reason ?? (blocked ? "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY" : "BRK_MT_CLOSED_FROM_CLIENT"),
    ConnectionStatus: lasts === null ? "active" : "close",
    IPProtocol: 6,
    DoubleEncryption: 0,
    Username: connection.user,
    ServicePort: 8080,
    ClientPublicIP: connection.client ?? "203.0.113.40",
    ClientPrivateIP: "",
    ClientCountryCode: "ZZ",
    ClientZEN: connection.serviceEdge ?? "EU-CENTRAL-2",
    Policy: connection.rule,
    Connector: blocked ? "0" : (connection.appConnector ?? "dc1-connector-a"),
    ConnectorZEN: blocked ? "0" : (connection.serviceEdge ?? "EU-CENTRAL-2"),
    ConnectorIP: blocked ? "" : connection.peer[0],
    ConnectorPort: blocked ? 0 : connection.peer[1],
    Host: "orders.example.com",
    Application: connection.app ?? "order desk",
    AppGroup: connection.appSegment ?? "Back office",
    Server: "0",
    ServerIP: blocked ? "" : "198.51.100.20",
    ServerPort: 8080,
    PolicyProcessingTime: us(policy),
    CAProcessingTime: us(Math.max(edge - policy - 0.02, 0)),
    AppLearnTime: 0,
    ConnectorZENSetupTime: us(connector + server),
    ConnectionSetupTime: us(setup),
    ServerSetupTime: us(server),
    TimestampConnectionStart: at(0),
    TimestampConnectionEnd: at(lasts),
    TimestampCATx: at(policy),
    TimestampCARx: at(edge),
    TimestampAppLearnStart: 0,
    TimestampZENFirstRxClient: at(0.4),
    TimestampZENFirstTxClient: blocked ? 0 : at(connection.answered ?? null),
    TimestampZENLastRxClient: at(0.4),
    TimestampZENLastTxClient: blocked ? 0 : at(lasts),
    TimestampConnectorZENSetupComplete: blocked ? 0 : at(setup),
    TimestampZENFirstRxConnector: blocked ? 0 : at(connection.answered === undefined ? null : connection.answered - 0.6),
    TimestampZENFirstTxConnector: blocked ? 0 : at(setup + 0.3),
    TimestampZENLastRxConnector: blocked ? 0 : at(lasts),
    TimestampZENLastTxConnector: blocked ? 0 : at(setup + 0.3),
    ZENTotalBytesRxClient: 812,
    ZENTotalBytesTxClient: 4096,
    Platform: connection.platform ?? "mac",
    Hostname: connection.device ?? "",
    ...connection.more,
  };
  return JSON.stringify(fields);
}
