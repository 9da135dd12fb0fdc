//! ZIA's DNS log.

use fanlight_model::Timestamp;

use super::template::{TIGHT, Template};
use super::value::Value;
use super::zia::{DNS, absent};
use crate::company::Company;
use crate::edge::client::Client;
use crate::settings::{Settings, ZiaDialect};
use crate::topology::names::DEPARTMENTS;
use crate::topology::saas::Saas;

/// The published template.
const FRIENDLY: &str = "datetime=time/t user=login/x department=dept/x location/x reqaction/q resaction/q reqrulelabel/q \
    resrulelabel/q dns_reqtype=reqtype/q dns_req=req/q dns_resp=res/q srv_dport=sport/q durationms/q clt_sip=cip/q \
    srv_dip=sip/q category=domcat/q deviceowner/q devicehostname/q";

/// Fanlight's own.
const RECOMMENDED: &str = "epochtime/e tz/q elogin=login/x edepartment=dept/x b64location=location/b reqaction/q resaction/q \
    ereqrulelabel=reqrulelabel/x eresrulelabel=resrulelabel/x req/q reqtype/q res/q restype/q error/q domcat/q respipcat/q \
    durationms/q cip/q sip/q sport/q istcp/q protocol/q http_code/q dnsapp/q dnsappcat/q ecs_slot/q dnsgw_slot/q \
    dnsgw_flags/q edevicehostname=devicehostname/x edevicename=devicename/x devicetype/q deviceowner/q datacenter/q \
    datacentercity/q datacentercountry/q recordid/q";

/// The template of the settings' dialect.
pub(crate) fn template(settings: &Settings) -> Template {
    match settings.zia {
        ZiaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, settings.pad_days).marked("zia.dns/1"),
        _ => Template::new(DNS, FRIENDLY, settings.pad_days),
    }
}

impl Company {
    /// The record of a question.
    pub(crate) fn dns_line(
        &self,
        client: &Client,
        saas: &Saas,
        took_ms: i64,
        record_id: u64,
        now: Timestamp,
    ) -> String {
        let site = self.topology.sites.get(client.site);
        let logged = site.edges.get(client.edge).clock.read(now);
        self.templates.dns.line(|token| match token {
            "time" | "epochtime" => logged.into(),
            "login" => Value::from(client.name.to_string()),
            "dept" => client.department.and_then(|at| DEPARTMENTS.get(at)).map_or("None", |name| name).into(),
            "location" => Value::from(self.location(client).to_owned()),
            "reqaction" => "REQ_ALLOW".into(),
            "resaction" => "RES_ALLOW".into(),
            "reqrulelabel" | "resrulelabel" => "Default Firewall DNS Rule".into(),
            "reqtype" => "A record".into(),
            "restype" => "IPv4".into(),
            "req" => Value::from(saas.host.clone()),
            "res" => saas.address.into(),
            "domcat" => saas.category.into(),
            "durationms" => took_ms.into(),
            "cip" => client.private.unwrap_or(client.public).into(),
            "sip" => "192.0.2.253".into(),
            "sport" => 53_i64.into(),
            "istcp" => 0_i64.into(),
            "protocol" => "UDP".into(),
            "deviceowner" => Value::from(client.name.split('@').next().unwrap_or_default().to_owned()),
            "devicehostname" | "devicename" if !client.device.is_empty() => {
                Value::from(client.device.to_string())
            }
            "datacenter" => site.code.into(),
            "datacentercity" => site.city.into(),
            "datacentercountry" => site.country.into(),
            "recordid" => record_id.into(),
            _ => absent(token).into(),
        })
    }
}
