//! What the edge measured of a connection: stamps and durations, all on the edge's own clock.

use crate::Timestamp;

/// Stamps of one ZPA connection, on the service edge's clock. `None` is "not measured"; the wire's `""` never becomes a time.
///
/// Source: ZPA LSS User Activity, fields `TimestampConnectionStart` and the others of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionStamps {
    /// `TimestampConnectionStart`: the service edge got the first request.
    pub connection_start: Option<Timestamp>,
    /// `TimestampConnectionEnd`: the service edge closed.
    pub connection_end: Option<Timestamp>,
    /// `TimestampCATx`: request to the central authority.
    pub ca_tx: Option<Timestamp>,
    /// `TimestampCARx`: answer of the central authority.
    pub ca_rx: Option<Timestamp>,
    /// `TimestampAppLearnStart`.
    pub app_learn_start: Option<Timestamp>,
    /// `TimestampConnectorZENSetupComplete`: the app connector's data connection reached the service edge.
    pub setup_complete: Option<Timestamp>,
    /// `TimestampZENFirstRxClient`.
    pub first_rx_client: Option<Timestamp>,
    /// `TimestampZENFirstTxClient`.
    pub first_tx_client: Option<Timestamp>,
    /// `TimestampZENLastRxClient`.
    pub last_rx_client: Option<Timestamp>,
    /// `TimestampZENLastTxClient`.
    pub last_tx_client: Option<Timestamp>,
    /// `TimestampZENFirstRxConnector`.
    pub first_rx_connector: Option<Timestamp>,
    /// `TimestampZENFirstTxConnector`: the first byte went on towards the app.
    pub first_tx_connector: Option<Timestamp>,
    /// `TimestampZENLastRxConnector`.
    pub last_rx_connector: Option<Timestamp>,
    /// `TimestampZENLastTxConnector`.
    pub last_tx_connector: Option<Timestamp>,
}

/// Durations of one ZPA connection's set-up, in microseconds. `None` is "not measured"; the wire's 0 never becomes a duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseDurations {
    /// `PolicyProcessingTime`: evaluating access policy.
    pub policy_us: Option<u64>,
    /// `CAProcessingTime`: processing in the central authority.
    pub ca_us: Option<u64>,
    /// `AppLearnTime`.
    pub app_learn_us: Option<u64>,
    /// `ConnectorZENSetupTime`: the app connector's data connection; contains `server_setup_us`.
    pub connector_setup_us: Option<u64>,
    /// `ConnectionSetupTime`: the whole set-up, or where the template lacks it
    /// `TimestampConnectorZENSetupComplete − TimestampConnectionStart`.
    pub setup_us: Option<u64>,
    /// `ServerSetupTime`: connecting to the app's server, inside `connector_setup_us`.
    pub server_setup_us: Option<u64>,
}

impl PhaseDurations {
    /// The part of the set-up before the app connector: `ConnectionSetupTime − ConnectorZENSetupTime`.
    /// `None` where either was not measured or the difference would be negative.
    pub fn before_connector_us(&self) -> Option<u64> {
        self.setup_us?.checked_sub(self.connector_setup_us?)
    }
}

/// What the edge measured of one HTTP request, where the feed is per request: stamps on the service edge's clock and durations in
/// microseconds. `None` is "not measured"; a zero, an empty stamp and a negative duration (a WebSocket has them) never become one.
///
/// Source: ZPA LSS Browser Access and AppProtection, fields of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestTimes {
    /// `TimestampRequestReceiveStart`.
    pub request_receive_start: Option<Timestamp>,
    /// `TimestampRequestReceiveHeaderFinish`.
    pub request_receive_header_finish: Option<Timestamp>,
    /// `TimestampRequestReceiveFinish`.
    pub request_receive_finish: Option<Timestamp>,
    /// `TimestampRequestTransmitStart`: the request went on towards the app.
    pub request_transmit_start: Option<Timestamp>,
    /// `TimestampRequestTransmitFinish`.
    pub request_transmit_finish: Option<Timestamp>,
    /// `TimestampResponseReceiveStart`; AppProtection's default template lacks it.
    pub response_receive_start: Option<Timestamp>,
    /// `TimestampResponseReceiveFinish`.
    pub response_receive_finish: Option<Timestamp>,
    /// `TimestampResponseTransmitStart`.
    pub response_transmit_start: Option<Timestamp>,
    /// `TimestampResponseTransmitFinish`.
    pub response_transmit_finish: Option<Timestamp>,
    /// `TotalTimeRequestReceive`.
    pub request_receive_us: Option<u64>,
    /// `TotalTimeRequestTransmit`.
    pub request_transmit_us: Option<u64>,
    /// `TotalTimeResponseReceive`.
    pub response_receive_us: Option<u64>,
    /// `TotalTimeResponseTransmit`.
    pub response_transmit_us: Option<u64>,
    /// `TotalTimeConnectionSetup`, Browser Access only.
    pub connection_setup_us: Option<u64>,
    /// `TotalTimeServerResponse`, Browser Access only.
    pub server_response_us: Option<u64>,
    /// `InspectionRuleProcessingTime` and the four times of headers and bodies, together; AppProtection only.
    pub inspection_us: Option<u64>,
}
