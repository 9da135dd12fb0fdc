//! ZIA's firewall log, in its mode of one record per session.

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use super::template::{TIGHT, Template};
use super::value::Value;
use super::zia::{FIREWALL, absent};
use crate::company::Company;
use crate::edge::connection::Connection;
use crate::settings::{Settings, ZiaDialect};
use crate::topology::names::DEPARTMENTS;
use crate::topology::saas::Saas;

/// The published template, and two tokens behind it that tell records apart. In some samples its numbers are quoted.
const QUOTED: &str = "datetime=time/t user=login/x department=dept/x locationname=location/x cdport/q csport/q sdport/q \
    ssport/q csip/q cdip/q ssip/q sdip/q tsip/q tunsport=tsport/q tuntype=ttype/q action/q dnat/q stateful/q aggregate/q \
    nwsvc/q nwapp/q proto=ipproto/q ipcat/q destcountry/q avgduration/q rulelabel/x inbytes/q outbytes/q duration/q \
    durationms/q numsessions/q ipsrulelabel/q threatcat/q threatname/x deviceowner/q devicehostname/q recordid/q \
    epochtime/e";

/// In others they are bare.
const BARE: &str = "datetime=time/t user=login/x department=dept/x locationname=location/x cdport/d csport/d sdport/d \
    ssport/d csip/q cdip/q ssip/q sdip/q tsip/q tunsport=tsport/d tuntype=ttype/q action/q dnat/q stateful/q aggregate/q \
    nwsvc/q nwapp/q proto=ipproto/q ipcat/q destcountry/q avgduration/d rulelabel/x inbytes/d outbytes/d duration/d \
    durationms/d numsessions/d ipsrulelabel/q threatcat/q threatname/x deviceowner/q devicehostname/q recordid/q \
    epochtime/e";

/// Fanlight's own.
const RECOMMENDED: &str = "epochtime/e tz/q csip/q csport/q cdip/q cdport/q cdfqdn/q tsip/q tsport/q ttype/q ssip/q ssport/q \
    sdip/q sdport/q b64location=location/b aggregate/q srcip_country/q destcountry/q ipcat/q ipproto/q nwsvc/q nwapp/q \
    stateful/q action/q b64rulelabel=rulelabel/b dnat/q dnatrulelabel/q ipsrulelabel/q threatcat/q \
    ethreatname=threatname/x threat_severity/q inbytes/q outbytes/q duration/q durationms/q avgduration/q numsessions/q \
    elogin=login/x edepartment=dept/x edevicehostname=devicehostname/x edevicename=devicename/x deviceostype/q \
    deviceowner/q external_deviceid/q ztunnelversion/q bypassed_session/q flow_type/q datacenter/q datacentercity/q \
    datacentercountry/q b64rdr_rulename=rdr_rulename/b b64fwd_gw_name=fwd_gw_name/b b64zpa_app_seg_name=zpa_app_seg_name/b \
    recordid/q";

/// The template of the settings' dialect: quoted numbers in one, bare ones in another.
pub(crate) fn template(settings: &Settings) -> Template {
    match settings.zia {
        ZiaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, settings.pad_days).marked("zia.fw/1"),
        ZiaDialect::Friendly => Template::new(FIREWALL, BARE, settings.pad_days),
        _ => Template::new(FIREWALL, QUOTED, settings.pad_days),
    }
}

impl Company {
    /// The record of a connection that is over.
    pub(crate) fn firewall_line(&self, connection: &Connection, saas: &Saas, now: Timestamp) -> String {
        let client = &connection.client;
        let site = self.topology.sites.get(client.site);
        let edge = site.edges.get(client.edge);
        let logged = edge.clock.read(now);
        let millis = now.nanos_since(connection.started) / 1_000_000;
        self.templates.firewall.line(|token| match token {
            "time" | "epochtime" => logged.into(),
            "login" => Value::from(client.name.to_string()),
            "dept" => client.department.and_then(|at| DEPARTMENTS.get(at)).map_or("None", |name| name).into(),
            "location" => Value::from(self.location(client).to_owned()),
            "csip" => client.private.unwrap_or(client.public).into(),
            "csport" => connection.client_port.into(),
            "cdip" | "sdip" => saas.address.into(),
            "cdport" | "sdport" => 443_i64.into(),
            "cdfqdn" => Value::from(saas.host.clone()),
            "ssip" => edge.egress.into(),
            "ssport" => connection.connector_port.into(),
            "tsip" => if client.office.is_some() { client.public } else { Ipv4Addr::UNSPECIFIED }.into(),
            "tsport" => 0_i64.into(),
            "ttype" => if client.office.is_some() { "GRE" } else { "ZscalerClientConnector" }.into(),
            "action" => "Allow".into(),
            "dnat" | "aggregate" => "No".into(),
            "stateful" => "Yes".into(),
            "nwsvc" => "HTTPS".into(),
            "nwapp" => "https".into(),
            "ipproto" => "TCP".into(),
            "ipcat" => Value::from(saas.category),
            "destcountry" => "United States".into(),
            "srcip_country" => client.place.country_name.into(),
            "rulelabel" => "Default Firewall Filtering Rule".into(),
            "inbytes" => connection.traffic.client_tx.bytes.into(),
            "outbytes" => connection.traffic.client_rx.bytes.into(),
            "duration" => (millis / 1_000).into(),
            "durationms" | "avgduration" => millis.into(),
            "numsessions" => 1_i64.into(),
            "deviceowner" => Value::from(client.name.split('@').next().unwrap_or_default().to_owned()),
            "devicehostname" | "devicename" if !client.device.is_empty() => {
                Value::from(client.device.to_string())
            }
            "deviceostype" => if client.platform == "mac" { "MAC OS" } else { "Windows OS" }.into(),
            "ztunnelversion" => "ZTUNNEL_2_0_DTLS1_2".into(),
            "datacenter" => site.code.into(),
            "datacentercity" => site.city.into(),
            "datacentercountry" => site.country.into(),
            "recordid" => connection.record_id.into(),
            _ => absent(token).into(),
        })
    }
}
