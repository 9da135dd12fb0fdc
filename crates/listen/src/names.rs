//! Under which name a request came, and from which page: what keeps a browser from being turned against a listener.
//!
//! A page that had its own name resolved to our address (DNS rebinding) sends that name as `Host`; a page of another site sends its
//! own as `Origin`. Programs send no `Origin`.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use http::Uri;
use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use http::uri::{Authority, Scheme};

/// Names and addresses, without a port, by which the server is known besides those of loopback; clones share them, and they can
/// change while it runs.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    names: Arc<RwLock<Arc<[String]>>>,
}

/// Why a request is not answered under the name that it came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// It has no `Host`, more than one, or one that differs from its target.
    Unclear,
    /// The name is not one of ours.
    NotOurs,
    /// A page of another site made it.
    OtherOrigin,
}

impl Hosts {
    /// These names.
    pub fn new(names: Vec<String>) -> Self {
        Self { names: Arc::new(RwLock::new(names.into())) }
    }

    /// Puts other names in their place.
    pub fn set(&self, names: Vec<String>) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names.into();
    }

    /// Judges the name that a request came under, and the page that made it, if one did. `scheme` is how the request came, where that
    /// is known.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn check(&self, uri: &Uri, headers: &HeaderMap, scheme: Option<&Scheme>) -> Result<(), NameError> {
        let host = sole_host(uri, headers).ok_or(NameError::Unclear)?;
        if !self.are(host.host()) {
            return Err(NameError::NotOurs);
        }
        check_origin(&host, headers, scheme)
    }

    /// Judges a request of a listener beyond loopback, where programs come by names that nobody lists, and what they come with is
    /// asked for: one that a page made is judged by its name, too, a program's is not.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn check_page(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        scheme: Option<&Scheme>,
    ) -> Result<(), NameError> {
        if headers.contains_key(ORIGIN) { self.check(uri, headers, scheme) } else { Ok(()) }
    }

    fn are(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let names = Arc::clone(&self.names.read().unwrap_or_else(PoisonError::into_inner));
        is_loopback(bare)
            || names
                .iter()
                .any(|ours| ours.trim_start_matches('[').trim_end_matches(']').eq_ignore_ascii_case(bare))
    }
}

/// An address of loopback, or a name that nobody can have resolved to it from outside: `localhost` and what is under it (RFC 6761), and
/// what containers call the machine that they run on, under the top-level domain `internal`, which is kept free for such.
fn is_loopback(bare: &str) -> bool {
    let name = bare.to_ascii_lowercase();
    bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
        || matches!(&*name, "localhost" | "host.docker.internal" | "host.containers.internal")
        || name.ends_with(".localhost")
}

/// The one name that the request came under; where the target names one too, both are the same.
fn sole_host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut sent = headers.get_all(HOST).into_iter();
    let first = sent.next().and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let host = match (first, sent.next(), uri.authority()) {
        (Some(host), None, None) => Some(host),
        (Some(host), None, Some(target)) if host == *target => Some(host),
        (None, None, Some(target)) => Some(target.clone()),
        _ => None,
    };
    host.filter(|host| !host.as_str().contains('@'))
}

fn check_origin(host: &Authority, headers: &HeaderMap, scheme: Option<&Scheme>) -> Result<(), NameError> {
    let mut origins = headers.get_all(ORIGIN).into_iter();
    match (origins.next(), origins.next()) {
        (None, _) => Ok(()),
        (Some(origin), None) if is_same_origin(origin, host, scheme) => Ok(()),
        _ => Err(NameError::OtherOrigin),
    }
}

/// True where the page's name and port are those that the request came under, and its scheme too where that is known.
fn is_same_origin(origin: &HeaderValue, host: &Authority, scheme: Option<&Scheme>) -> bool {
    let text = origin.to_str().unwrap_or_default();
    let (of_page, authority, usual_port) = match text.split_once("://") {
        Some(("http", authority)) => (Scheme::HTTP, authority, 80),
        Some(("https", authority)) => (Scheme::HTTPS, authority, 443),
        _ => return false,
    };
    scheme.is_none_or(|scheme| *scheme == of_page)
        && authority.parse::<Authority>().is_ok_and(|origin| {
            origin.host().eq_ignore_ascii_case(host.host())
                && origin.port_u16().unwrap_or(usual_port) == host.port_u16().unwrap_or(usual_port)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(uri: &str, headers: &[(&'static str, &'static str)], of_page: bool) -> Result<(), NameError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let hosts = Hosts::new(vec!["fanlight.example.com".to_owned(), "192.0.2.10".to_owned()]);
        let uri = uri.parse().expect("a URI");
        if of_page { hosts.check_page(&uri, &map, None) } else { hosts.check(&uri, &map, None) }
    }

    fn check(uri: &str, headers: &[(&'static str, &'static str)], expected: Result<(), NameError>) {
        assert_eq!(found(uri, headers, false), expected, "{uri} {headers:?}");
    }

    #[test]
    fn only_names_of_ours_are_answered() {
        check("/", &[("host", "127.0.0.1:8080")], Ok(()));
        check("/", &[("host", "127.9.9.9")], Ok(()));
        check("/", &[("host", "[::1]:8080")], Ok(()));
        check("/", &[("host", "LOCALHOST")], Ok(()));
        check("/", &[("host", "otlp.localhost:4318")], Ok(()));
        check("/", &[("host", "host.docker.internal:4318")], Ok(()));
        check("/", &[("host", "evil.docker.internal")], Err(NameError::NotOurs));
        check("/", &[("host", "notlocalhost")], Err(NameError::NotOurs));
        check("/", &[("host", "fanlight.example.com")], Ok(()));
        check("/", &[("host", "192.0.2.10:80")], Ok(()));
        check("/", &[("host", "rebound.example.com")], Err(NameError::NotOurs));
        check("/", &[("host", "127.0.0.1.example.com")], Err(NameError::NotOurs));
        check("/", &[("host", "192.0.2.11")], Err(NameError::NotOurs));
    }

    #[test]
    fn an_unclear_name_is_refused() {
        check("/", &[], Err(NameError::Unclear));
        check("/", &[("host", "localhost"), ("host", "localhost")], Err(NameError::Unclear));
        check("/", &[("host", "a@localhost")], Err(NameError::Unclear));
        check("http://rebound.example.com/", &[("host", "localhost")], Err(NameError::Unclear));
        check("http://rebound.example.com/", &[], Err(NameError::NotOurs));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        check("/", &[("host", "localhost:8080"), ("origin", "http://localhost:8080")], Ok(()));
        for other in ["http://localhost:5173", "http://evil.example.com", "null"] {
            check("/", &[("host", "localhost:8080"), ("origin", other)], Err(NameError::OtherOrigin));
        }
    }

    /// Beyond loopback a program comes by whatever name it was given; a page does not.
    #[test]
    fn a_page_is_judged_where_a_program_is_not() {
        assert_eq!(found("/", &[("host", "collector.example.com:4318")], true), Ok(()));
        let rebound = [("host", "evil.example.com:4318"), ("origin", "http://evil.example.com:4318")];
        assert_eq!(found("/", &rebound, true), Err(NameError::NotOurs));
        let other = [("host", "192.0.2.10:4318"), ("origin", "http://evil.example.com")];
        assert_eq!(found("/", &other, true), Err(NameError::OtherOrigin));
    }

    #[test]
    fn over_tls_a_page_without_it_is_another_site() {
        let (page, host) =
            (HeaderValue::from_static("http://localhost:8443"), Authority::from_static("localhost:8443"));
        assert!(is_same_origin(&page, &host, Some(&Scheme::HTTP)));
        assert!(!is_same_origin(&page, &host, Some(&Scheme::HTTPS)));
    }
}
