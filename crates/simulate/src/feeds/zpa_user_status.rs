//! ZPA User Status: the state of a person's ZPA session, repeated.

use fanlight_model::Timestamp;

use super::template::{SPACED, TIGHT, Template};
use super::value::Value;
use super::zpa_user_activity::{CUSTOMER, IDP};
use crate::company::Company;
use crate::edge::client::{Client, Who};
use crate::settings::Settings;
use crate::settings::ZpaDialect;
use crate::topology::names::POSTURES;

const DEFAULT: &str = "LogTimestamp/t Customer/j Username/j SessionID/j SessionStatus/j Version/j ZEN/j CertificateCN/j \
    PrivateIP/j PublicIP/j Latitude/f Longitude/f CountryCode/j TimestampAuthentication/i TimestampUnAuthentication/i \
    TotalBytesRx/d TotalBytesTx/d Idp/j Hostname/j Platform/j ClientType/j TrustedNetworks/l TrustedNetworksNames/l \
    SAMLAttributes/j PosturesHit/l PosturesMiss/l ZENLatitude/f ZENLongitude/f ZENCountryCode/j \
    FQDNRegistered=fqdn_registered/j FQDNRegisteredError=fqdn_register_error/j City/j MicroTenantID/j";

const RECOMMENDED: &str = "LogTimestamp/u Customer/j Username/j SessionID/j SessionStatus/j Version/j ZEN/j CertificateCN/j \
    PrivateIP/j PublicIP/j Latitude/f Longitude/f CountryCode/j TimestampAuthentication/i TimestampUnAuthentication/i \
    TotalBytesRx/d TotalBytesTx/d Idp/j Hostname/j Platform/j ClientType/j TrustedNetworks/l TrustedNetworksNames/l \
    SAMLAttributes/j PosturesHit/l PosturesMiss/l ZENLatitude/f ZENLongitude/f ZENCountryCode/j \
    FQDNRegistered=fqdn_registered/d FQDNRegisteredError=fqdn_register_error/j City/j MicroTenantID/j";

/// The template of a dialect.
pub(crate) fn template(settings: &Settings) -> Template {
    let mut template = match settings.zpa {
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, settings.pad_days).marked("zpa.us/1"),
        _ => Template::new(SPACED, DEFAULT, settings.pad_days),
    };
    template.lists = settings.lists;
    template
}

/// What a record says of the session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionState<'a> {
    pub(crate) client: &'a Client,
    pub(crate) status: &'static str,
    pub(crate) authenticated: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) bytes: u64,
    pub(crate) version: &'static str,
}

impl Company {
    /// The record.
    pub(crate) fn session_line(&self, state: &SessionState<'_>, now: Timestamp) -> String {
        let client = state.client;
        let site = self.topology.sites.get(client.site);
        let edge = site.edges.get(client.edge);
        let misses = usize::from(client.misses).min(POSTURES.len());
        let (missed, hit) = POSTURES.split_at_checked(misses).unwrap_or((&[], POSTURES));
        let office: Option<&str> =
            client.office.map(|office| self.topology.offices.get(office).name.as_str());
        let networks: Vec<&str> = office.into_iter().collect();
        let name = client.name.split('@').next().unwrap_or_default();
        self.templates.user_status.line(|token| match token {
            "LogTimestamp" => edge.clock.read(now).into(),
            "Customer" => CUSTOMER.into(),
            "Username" => Value::from(client.name.to_string()),
            "SessionID" => Value::from(client.session.to_string()),
            "SessionStatus" => state.status.into(),
            "Version" => state.version.into(),
            "ZEN" => Value::from(edge.name.clone()),
            "CertificateCN" => Value::from(client.name.to_string()),
            "PrivateIP" => client.private.into(),
            "PublicIP" => client.public.into(),
            "Latitude" => client.place.latitude.into(),
            "Longitude" => client.place.longitude.into(),
            "CountryCode" => client.place.country.into(),
            "TimestampAuthentication" => edge.clock.read(state.authenticated).into(),
            "TimestampUnAuthentication" => state.ended.map(|ended| edge.clock.read(ended)).into(),
            "TotalBytesRx" => (state.bytes / 8).into(),
            "TotalBytesTx" => state.bytes.into(),
            "Idp" => IDP.into(),
            "Hostname" => Value::from(client.device.to_string()),
            "Platform" => client.platform.into(),
            "ClientType" => "zpn_client_type_zapp".into(),
            "TrustedNetworks" | "TrustedNetworksNames" => Value::List(&networks),
            "SAMLAttributes" => attributes(client.who, name, &client.name).into(),
            "PosturesHit" => Value::List(hit),
            "PosturesMiss" => Value::List(missed),
            "ZENLatitude" => site.at.0.into(),
            "ZENLongitude" => site.at.1.into(),
            "ZENCountryCode" => site.country.into(),
            "fqdn_registered" => "0".into(),
            "fqdn_register_error" => "CUSTOMER_NOT_ENABLED".into(),
            "City" => client.place.city.into(),
            _ => "0".into(),
        })
    }
}

/// Both shapes that are met: pairs in a text, or for every fourth person a JSON object in one.
fn attributes(who: Who, name: &str, email: &str) -> String {
    match who {
        Who::Person(number) if number % 4 == 3 => {
            format!("{{\"myname\":[\"{name}\"],\"myemail\":[\"{email}\"]}}")
        }
        _ => format!("myname:{name},myemail:{email}"),
    }
}
