//! ZIA's web log: one record per transaction, or per connection where it is not decrypted.

use fanlight_model::Timestamp;

use super::template::{TIGHT, Template};
use super::value::Value;
use super::zia::{WEB, absent};
use crate::company::Company;
use crate::edge::client::Client;
use crate::settings::{Settings, ZiaDialect};
use crate::topology::names::DEPARTMENTS;
use crate::topology::saas::Saas;

/// The tokens' own names: the template that consumers publish, with `ctime` and `stime`, and behind it the tokens that tell records
/// apart and what bandwidth control did.
const TOKENS: &str = "time/t login/q proto/q eurl=url/x action/q appname/q appclass/q reqsize/q respsize/q stime/q ctime/q \
    urlclass/q urlsupercat/q urlcat/q malwarecat/q threatname/q riskscore/q dlpeng/q dlpdict/q location/q dept/q cip/q \
    sip/q reqmethod/q respcode/q ua/q ereferer=referer/x ruletype/q rulelabel/q contenttype/q unscannabletype/q \
    deviceowner/q devicehostname/q keyprotectiontype/q bwthrottle/q throttlereqsize/q throttlerespsize/q bwclassname/q \
    bwrulename/q datacenter/q ssldecrypted/q cintip/q recordid/q epochtime/e";

/// The same with opaque identities.
const OBFUSCATED: &str = "time/t ologin=login/o proto/q eurl=url/x action/q appname/q appclass/q reqsize/q respsize/q \
    stime/q ctime/q urlclass/q urlsupercat/q urlcat/q malwarecat/q threatname/q riskscore/q dlpeng/q dlpdict/q location/q \
    dept/q ocip=cip_text/o sip/q reqmethod/q respcode/q ua/q ereferer=referer/x ruletype/q rulelabel/q contenttype/q \
    unscannabletype/q odeviceowner=deviceowner/o odevicehostname=devicehostname/o keyprotectiontype/q bwthrottle/q \
    throttlereqsize/q throttlerespsize/q bwclassname/q bwrulename/q datacenter/q ssldecrypted/q recordid/q epochtime/e";

/// The vendor's default.
const FRIENDLY: &str = "datetime=time/p reason/q event_id=recordid/q protocol=proto/q action/q transactionsize=totalsize/q \
    responsesize=respsize/q requestsize=reqsize/q urlcategory=urlcat/x serverip=sip/q requestmethod=reqmethod/q \
    refererURL=referer/x useragent=ua/x product/q location/x ClientIP=cip/q status=respcode/q user=login/x url/x vendor/q \
    hostname=host/x clientpublicIP=cintip/q threatcategory=malwarecat/q threatname/q filetype/q appname/q app_status/q \
    pagerisk=riskscore/q threatseverity/q department=dept/x urlsupercategory=urlsupercat/q appclass/q dlpengine=dlpeng/q \
    urlclass/q threatclass=malwareclass/q dlpdictionaries=dlpdict/q fileclass/q bwthrottle/q contenttype/q \
    unscannabletype/q deviceowner/q devicehostname/q keyprotectiontype/q";

/// Fanlight's own.
const RECOMMENDED: &str = "epochtime/e tz/q elogin=login/x edepartment=dept/x cloudname/q action/q reason/q ruletype/q \
    b64rulelabel=rulelabel/b b64urlfilterrulelabel=urlfilterrulelabel/b b64apprulelabel=apprulelabel/b b64urlcat=urlcat/b \
    urlsupercat/q urlclass/q appname/q appclass/q app_risk_score/q app_status/q activity/q reqmethod/q reqversion/q \
    respcode/q reqsize/q respsize/q totalsize/q b64host=host/b b64url=url/b b64referer=referer/b b64ua=ua/b contenttype/q \
    cip/q cintip/q cpubip=cintip/q clt_sport/q sip/q srv_dport/q proto/q trafficredirectmethod/q b64location=location/b \
    b64userlocationname=userlocationname/b srcip_country/q dstip_country/q ssldecrypted/q externalspr/q \
    cltsslfailreason/q riskscore/q threatseverity/q b64threatname=threatname/b malwarecat/q malwareclass/q dlpdict/q \
    dlpeng/q dlpidentifier/q fileclass/q filetype/q bwthrottle/q bwclassname/q bwrulename/q throttlereqsize/q \
    throttlerespsize/q b64rdr_rulename=rdr_rulename/b fwd_type/q b64fwd_gw_name=fwd_gw_name/b fwd_gw_ip/q \
    b64zpa_app_seg_name=zpa_app_seg_name/b datacenter/q datacentercity/q datacentercountry/q \
    edevicehostname=devicehostname/x edevicename=devicename/x devicetype/q deviceostype/q deviceosversion/q deviceowner/q \
    deviceappversion/q ztunnelversion/q external_devid/q bypassed_traffic/q flow_type/q recordid/q";

/// The vendor's default CSV: cells in this order.
const CSV: &str = "time/t login/q proto/q url/x action/q appname/q appclass/q reqsize/q respsize/q stime/q ctime/q urlclass/q \
    urlsupercat/q urlcat/q malwarecat/q threatname/q riskscore/q dlpeng/q dlpdict/q location/q dept/q cip/q sip/q \
    reqmethod/q respcode/q ua/q referer/x ruletype/q rulelabel/q contenttype/q unscannabletype/q deviceowner/q \
    devicehostname/q keyprotectiontype/q";

/// QRadar's: `key=value` between tabs, in this order.
const LEEF: &str = "cat=action/q devTime=time/q src=cip/q dst=sip/q srcPostNAT=cintip/q realm=location/q usrName=login/q \
    srcBytes=reqsize/q dstBytes=respsize/q role=dept/q policy=reason/q url/x recordid/q bwthrottle/q useragent=ua/q \
    referer/x hostname=host/x appproto=proto/q urlcategory=urlcat/q urlsupercategory=urlsupercat/q urlclass/q appclass/q \
    appname/q malwaretype=malwarecat/q malwareclass/q threatname/q riskscore/q dlpdict/q dlpeng/q fileclass/q filetype/q \
    reqmethod/q respcode/q";

/// The template of the settings' dialect.
pub(crate) fn template(settings: &Settings) -> Template {
    let pad = settings.pad_days;
    match settings.zia {
        ZiaDialect::Tokens if settings.obfuscated => Template::new(WEB, OBFUSCATED, pad),
        ZiaDialect::Tokens => Template::new(WEB, TOKENS, pad),
        ZiaDialect::Friendly => Template::new(WEB, FRIENDLY, pad),
        ZiaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad).marked("zia.web/1"),
        ZiaDialect::Csv => Template::cells(CSV, pad),
        ZiaDialect::Leef => Template::leef("LEEF:1.0|Zscaler|NSS|4.1|", LEEF, pad),
    }
}

/// One transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction<'a> {
    pub(crate) client: &'a Client,
    pub(crate) saas: &'a Saas,
    /// `/path`; empty for a connection that was not decrypted.
    pub(crate) path: &'a str,
    pub(crate) method: &'static str,
    pub(crate) status: u16,
    pub(crate) user_agent: &'static str,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) ctime_ms: i64,
    pub(crate) stime_ms: i64,
    pub(crate) throttled: bool,
    pub(crate) throttled_bytes: u64,
    pub(crate) blocked: bool,
    pub(crate) record_id: u64,
    pub(crate) client_port: u16,
    /// When it was over, on the service edge's clock.
    pub(crate) logged: Timestamp,
}

impl Company {
    /// The record.
    pub(crate) fn web_line(&self, transaction: &Transaction<'_>) -> String {
        self.templates.web.line(|token| self.web_value(transaction, token))
    }

    fn web_value<'a>(&'a self, transaction: &'a Transaction<'a>, token: &str) -> Value<'a> {
        let Transaction { client, saas, blocked, .. } = *transaction;
        match token {
            "time" | "epochtime" => transaction.logged.into(),
            "login" => client.name.as_ref().into(),
            "dept" => client.department.and_then(|at| DEPARTMENTS.get(at)).map_or("None", |name| name).into(),
            "location" => self.location(client).into(),
            "cip" => client.private.unwrap_or(client.public).into(),
            "cip_text" => client.private.unwrap_or(client.public).to_string().into(),
            "cintip" => client.public.into(),
            "sip" => if blocked { std::net::Ipv4Addr::UNSPECIFIED } else { saas.address }.into(),
            "srv_dport" => 443_i64.into(),
            "clt_sport" => transaction.client_port.into(),
            "host" => saas.host.as_str().into(),
            "url" if transaction.path.is_empty() => format!("{}:443", saas.host).into(),
            "url" => format!("{}{}", saas.host, transaction.path).into(),
            "proto" if transaction.path.is_empty() => "SSL".into(),
            "proto" => "HTTPS".into(),
            "reqmethod" if transaction.path.is_empty() => "NA".into(),
            "respcode" if transaction.path.is_empty() => "NA".into(),
            "reqmethod" => transaction.method.into(),
            "respcode" => transaction.status.into(),
            "reqversion" => "1.1".into(),
            "reqsize" => transaction.bytes_up.into(),
            "respsize" => transaction.bytes_down.into(),
            "totalsize" => (transaction.bytes_up + transaction.bytes_down).into(),
            "ctime" => transaction.ctime_ms.into(),
            "stime" => transaction.stime_ms.into(),
            "action" => if blocked { "Blocked" } else { "Allowed" }.into(),
            "reason" => if blocked { "Not allowed to browse this category" } else { "Allowed" }.into(),
            "ruletype" => if blocked { "URLCat" } else { "None" }.into(),
            "rulelabel" => if blocked { "Block by category" } else { "None" }.into(),
            "urlfilterrulelabel" => if blocked { "None" } else { "Allow business" }.into(),
            "ua" => transaction.user_agent.into(),
            "ssldecrypted" => if transaction.path.is_empty() { "No" } else { "Yes" }.into(),
            "bwthrottle" => if transaction.throttled { "Yes" } else { "No" }.into(),
            "throttlerespsize" => transaction.throttled_bytes.into(),
            "bwclassname" => saas.bandwidth_class.into(),
            "bwrulename" => {
                if client.department.is_some() { "Fair shares" } else { "No Bandwidth Control" }.into()
            }
            "recordid" => transaction.record_id.into(),
            _ => self.web_fixed(client, saas, token),
        }
    }

    fn web_fixed<'a>(&'a self, client: &'a Client, saas: &'a Saas, token: &str) -> Value<'a> {
        let site = self.topology.sites.get(client.site);
        match token {
            "appname" => saas.app.as_str().into(),
            "appclass" => saas.class.into(),
            "urlcat" => saas.category.into(),
            "urlsupercat" => saas.super_category.into(),
            "urlclass" => "Business Use".into(),
            "app_status" => "Sanctioned".into(),
            "contenttype" => "application/json".into(),
            "referer" => "None".into(),
            "trafficredirectmethod" => "Zscaler Client Connector".into(),
            "srcip_country" => client.place.country_name.into(),
            "dstip_country" => "United States".into(),
            "datacenter" => site.code.into(),
            "datacentercity" => site.city.into(),
            "datacentercountry" => site.country.into(),
            "devicehostname" | "devicename" if client.device.is_empty() => "None".into(),
            "devicehostname" | "devicename" => client.device.as_ref().into(),
            "deviceowner" => client.name.split('@').next().unwrap_or_default().into(),
            "deviceostype" => if client.platform == "mac" { "MAC OS" } else { "Windows OS" }.into(),
            "devicetype" => "Zscaler Client Connector".into(),
            "ztunnelversion" => "ZTUNNEL_2_0_DTLS1_2".into(),
            "fwd_type" => "Direct".into(),
            "product" => "NSS".into(),
            "vendor" => "Zscaler".into(),
            _ => absent(token).into(),
        }
    }

    /// The office, or what ZIA calls everyone elsewhere.
    pub(crate) fn location(&self, client: &Client) -> &str {
        client.office.map_or("Road Warrior", |office| self.topology.offices.get(office).name.as_str())
    }
}
