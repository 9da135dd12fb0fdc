//! One User Activity record: what is known of a connection at one moment.

use std::net::SocketAddr;

use fanlight_model::{Timestamp, hash_parts};

use super::forward::Traffic;
use super::settings::{Settings, Template, User};
use super::template::Line;

// The edge that there is not: its names are invented, in the shape of the vendor's.
const CUSTOMER: &str = "Fanlight stand-in";
const SERVICE_EDGE: &str = "ZZ-STANDIN-1";
const APP_CONNECTOR: &str = "stand-in app connector";
const APP_SEGMENT: &str = "Stand-in apps";
const ALLOWING_RULE: &str = "Stand-in: allow";
const DENYING_RULE: &str = "Stand-in: deny";
const IDENTITY_PROVIDER: &str = "idp.example.com";
const COUNTRY: &str = "ZZ";
const CITY: &str = "Exampleville";
/// The vendor's null of names and ids.
const NONE: &str = "0";
const TCP: u64 = 6;

/// Who is behind one listener, and the ZPA session that their connections belong to.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) user: User,
    /// ZPA `SessionID`: 20 characters, like the vendor's.
    pub(super) session_id: String,
}

/// What happened to the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetUp {
    /// A rule refused it: nothing further was tried.
    Denied,
    /// The app connector could not reach the app.
    Failed,
    /// It is through.
    Complete,
}

/// Set-up times in microseconds; 0 is "not measured".
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Phases {
    pub(super) policy_us: u64,
    pub(super) ca_us: u64,
    pub(super) connector_us: u64,
    pub(super) setup_us: u64,
    pub(super) server_us: u64,
}

/// One connection, as far as it has come.
#[derive(Clone, Debug)]
pub(super) struct ConnectionState {
    pub(super) connection_id: String,
    pub(super) client: SocketAddr,
    pub(super) set_up: SetUp,
    /// The app connector's side and the app's side of the upstream connection; real, from the socket.
    pub(super) tuple: Option<(SocketAddr, SocketAddr)>,
    pub(super) phases: Phases,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    pub(super) ca_tx: Option<Timestamp>,
    pub(super) ca_rx: Option<Timestamp>,
    pub(super) setup_complete: Option<Timestamp>,
    pub(super) traffic: Traffic,
    /// The traffic that earlier records told of.
    pub(super) told: Traffic,
}

impl Visitor {
    pub(super) fn new(user: User, session: &[u8; 16]) -> Self {
        Self { user, session_id: vendor_id(session) }
    }
}

impl ConnectionState {
    /// A connection that has just come in.
    pub(super) fn new(visitor: &Visitor, number: u64, client: SocketAddr, start: Timestamp) -> Self {
        let id = hash_parts(&[visitor.session_id.as_bytes(), &number.to_be_bytes()]);
        Self {
            connection_id: format!("{},{}", visitor.session_id, vendor_id(&id)),
            client,
            set_up: SetUp::Denied,
            tuple: None,
            phases: Phases::default(),
            start,
            end: None,
            ca_tx: None,
            ca_rx: None,
            setup_complete: None,
            traffic: Traffic::default(),
            told: Traffic::default(),
        }
    }

    /// The record, keys in the template's order.
    pub(super) fn render(
        &self,
        settings: &Settings,
        visitor: &Visitor,
        status: &str,
        reason: &str,
        now: Timestamp,
    ) -> String {
        let mut line = Line::begin(settings.template);
        line.log_time("LogTimestamp", now);
        line.text("Customer", CUSTOMER);
        line.text("SessionID", &visitor.session_id);
        line.text("ConnectionID", &self.connection_id);
        line.text("InternalReason", reason);
        line.text("ConnectionStatus", status);
        line.number("IPProtocol", TCP);
        line.number("DoubleEncryption", 0);
        line.text("Username", &visitor.user.name);
        line.number("ServicePort", settings.upstream.port().into());
        line.text("ClientPublicIP", &self.client.ip().to_string());
        line.text("ClientPrivateIP", "");
        line.degrees("ClientLatitude", 0.0);
        line.degrees("ClientLongitude", 0.0);
        line.text("ClientCountryCode", COUNTRY);
        line.text("ClientZEN", SERVICE_EDGE);
        self.render_route(&mut line, settings);
        self.render_set_up(&mut line, settings.template);
        self.render_stamps(&mut line);
        self.render_bytes(&mut line);
        line.text("Idp", IDENTITY_PROVIDER);
        line.text("ClientToClient", NONE);
        line.text("ClientCity", CITY);
        line.text("MicroTenantID", NONE);
        line.text("AppMicroTenantID", NONE);
        if settings.template == Template::Superset {
            line.text("Platform", "");
            line.text("Hostname", visitor.user.device.as_deref().unwrap_or_default());
        }
        line.end()
    }

    fn render_route(&self, line: &mut Line, settings: &Settings) {
        let denied = self.set_up == SetUp::Denied;
        let connector = self.tuple.map(|(connector, _)| connector);
        let server = self.tuple.map(|(_, server)| server);
        let address =
            |socket: Option<SocketAddr>| socket.map(|socket| socket.ip().to_string()).unwrap_or_default();
        line.text("Policy", if denied { DENYING_RULE } else { ALLOWING_RULE });
        line.text("Connector", if denied { NONE } else { APP_CONNECTOR });
        line.text("ConnectorZEN", if denied { NONE } else { SERVICE_EDGE });
        line.text("ConnectorIP", &address(connector));
        line.number("ConnectorPort", connector.map_or(0, |socket| socket.port().into()));
        line.text("Host", &settings.host);
        match &settings.app {
            Some(app) => line.text("Application", app),
            None => line.text("Application", &format!("Stand-in app at {}", settings.upstream)),
        }
        line.text("AppGroup", APP_SEGMENT);
        line.text("Server", NONE);
        line.text("ServerIP", &address(server));
        line.number("ServerPort", settings.upstream.port().into());
    }

    fn render_set_up(&self, line: &mut Line, template: Template) {
        line.number("PolicyProcessingTime", self.phases.policy_us);
        if template == Template::Superset {
            line.number("CAProcessingTime", self.phases.ca_us);
            line.number("ConnectorZENSetupTime", self.phases.connector_us);
            line.number("ConnectionSetupTime", self.phases.setup_us);
        }
        line.number("ServerSetupTime", self.phases.server_us);
        if template == Template::Superset {
            line.number("AppLearnTime", 0);
        }
    }

    fn render_stamps(&self, line: &mut Line) {
        let (request, response) = (&self.traffic.request, &self.traffic.response);
        line.stamp("TimestampConnectionStart", Some(self.start));
        line.stamp("TimestampConnectionEnd", self.end);
        line.stamp("TimestampCATx", self.ca_tx);
        line.stamp("TimestampCARx", self.ca_rx);
        line.stamp("TimestampAppLearnStart", None);
        line.stamp("TimestampZENFirstRxClient", request.first_rx);
        line.stamp("TimestampZENFirstTxClient", response.first_tx);
        line.stamp("TimestampZENLastRxClient", request.last_rx);
        line.stamp("TimestampZENLastTxClient", response.last_tx);
        line.stamp("TimestampConnectorZENSetupComplete", self.setup_complete);
        line.stamp("TimestampZENFirstRxConnector", response.first_rx);
        line.stamp("TimestampZENFirstTxConnector", request.first_tx);
        line.stamp("TimestampZENLastRxConnector", response.last_rx);
        line.stamp("TimestampZENLastTxConnector", request.last_tx);
    }

    fn render_bytes(&self, line: &mut Line) {
        let (now, told) = (&self.traffic, &self.told);
        for (side, total, before) in [
            ("RxClient", now.request.rx_bytes, told.request.rx_bytes),
            ("TxClient", now.response.tx_bytes, told.response.tx_bytes),
            ("RxConnector", now.response.rx_bytes, told.response.rx_bytes),
            ("TxConnector", now.request.tx_bytes, told.request.tx_bytes),
        ] {
            line.number(&format!("ZENTotalBytes{side}"), total);
            line.number(&format!("ZENBytes{side}"), total.saturating_sub(before));
        }
    }
}

/// 20 characters of the vendor's alphabet, from the first 15 of 16 bytes.
fn vendor_id(bytes: &[u8; 16]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks_exact(3)
        .flat_map(|three| {
            let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
            [18, 12, 6, 0].map(|shift| bits >> shift & 63)
        })
        .filter_map(|index| ALPHABET.get(index).copied().map(char::from))
        .collect()
}
