//! The pane's files.

use crate::problem;
use crate::server::{Reply, Server};

async fn get(server: &Server, path: &str, headers: &str) -> Reply {
    server.raw("GET", path, &format!("host: {}\r\n{headers}", server.address), "").await
}

/// The page stands at each of the pane's routes, for everybody, and may load nothing but what this server has.
#[tokio::test]
async fn the_page_is_served_at_the_pane_s_routes_and_locked_down() {
    let server = Server::start().await;
    for path in ["/", "/search", "/feeds", "/search?q=%7B%7D", "/traces/0af7651916cd43dd8448eb211c80319c"] {
        let page = get(&server, path, "").await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.body.starts_with("<!doctype html>"), "{path}");
        let policy = page.header("content-security-policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "require-trusted-types-for 'script'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(page.header(name), Some(value), "{path} {name}");
        }
        assert!(page.header("permissions-policy").is_some());
    }
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    let server = Server::start().await;
    let page = get(&server, "/", "").await;
    let tag = page.header("etag").expect("a tag");
    assert!(tag.starts_with('"') && tag.len() > 30, "a strong tag: {tag}");
    let again = get(&server, "/search", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert!(again.header("content-security-policy").is_some());
    assert_eq!(get(&server, "/", "if-none-match: \"0\"\r\n").await.status, 200);
    let head = server.raw("HEAD", "/", &format!("host: {}\r\n", server.address), "").await;
    assert_eq!((head.status, head.body.as_str(), head.header("etag")), (200, "", Some(tag)));
}

/// Nothing but what was built in has a path, whatever way a path is written.
#[tokio::test]
async fn no_path_leads_out_of_the_pane() {
    let server = Server::start().await;
    for path in [
        "/index.html",
        "/assets/",
        "/assets/nothing.js",
        "/assets/../index.html",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/....//Cargo.toml",
        "/assets/..\\..\\Cargo.toml",
        "/assets/%5c..%5cCargo.toml",
        "/assets/%00index.js",
        "/..%00/",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/./search",
        "/search/",
        "/search/x",
        "/traces/",
        "/traces/a/b",
        "/traces",
        "/.git/config",
        "/pane.rs",
    ] {
        problem(&get(&server, path, "").await, 404, "route_unknown");
    }
    problem(
        &server.raw("POST", "/search", &format!("host: {}\r\n", server.address), "").await,
        405,
        "method_not_allowed",
    );
}

/// The files are for everybody, what they show is not.
#[tokio::test]
async fn the_page_needs_no_sign_in_and_its_data_does() {
    let server = Server::start().await;
    assert_eq!(get(&server, "/", "").await.status, 200);
    for path in ["/api/v1/search", "/api/v1/services", "/api/v1/access-values?field=user", "/api/v1/status"] {
        problem(&get(&server, path, "").await, 401, "token_missing");
        let stale = "cookie: fanlight_session=0000\r\n";
        problem(&get(&server, path, stale).await, 401, "session_unknown");
    }
}
