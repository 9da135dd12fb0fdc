//! Sign-in by a code, and what a session may.

use serde_json::json;

use crate::problem;
use crate::server::{Reply, Server};

const STATUS: &str = "/api/v1/status";

impl Server {
    /// Without token; `headers` are the browser's.
    async fn browser(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
        };
        self.raw(method, path, &format!("host: {}\r\n{length}{headers}", self.address), body).await
    }

    async fn present(&self, code: &str) -> Reply {
        let body = json!({ "code": code }).to_string();
        self.browser("POST", "/api/v1/sign-in", "", &body).await
    }

    /// A new session's cookie, as a request sends it.
    async fn session(&self) -> String {
        let code = self.sign_in.new_code().expect("randomness");
        let reply = self.present(code.code()).await;
        assert_eq!(reply.status, 204, "{}", reply.body);
        let set = reply.header("set-cookie").expect("a cookie");
        format!("cookie: {}\r\n", set.split(';').next().expect("a pair"))
    }
}

/// A code becomes a cookie that no script reads and no other site's page sends; it opens what the token opens.
#[tokio::test]
async fn a_code_becomes_a_session() {
    let server = Server::start().await;
    let code = server.sign_in.new_code().expect("randomness");
    let reply = server.present(code.code()).await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    let set = reply.header("set-cookie").expect("a cookie").to_owned();
    for part in ["fanlight_session=", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "this listener has no TLS: {set}");
    let cookie = format!("cookie: {}\r\n", set.split(';').next().expect("a pair"));
    assert_eq!(server.browser("GET", STATUS, &cookie, "").await.status, 200);
    problem(&server.present(code.code()).await, 401, "code_unknown");
}

#[tokio::test]
async fn a_session_ends_when_it_is_told_to_and_after_its_time() {
    let server = Server::start().await;
    let (one, other) = (server.session().await, server.session().await);
    let own = format!("{one}origin: http://{}\r\n", server.address);
    let out = server.browser("POST", "/api/v1/sign-out", &own, "").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")), "{out:?}");
    let ended = problem(&server.browser("GET", STATUS, &one, "").await, 401, "session_unknown");
    assert!(ended["hint"].as_str().is_some_and(|hint| hint.contains("restart")), "{ended}");
    assert_eq!(server.browser("GET", STATUS, &other, "").await.status, 200);
    server.clock.advance(std::time::Duration::from_secs(12 * 3_600));
    problem(&server.browser("GET", STATUS, &other, "").await, 401, "session_unknown");
}

/// A page of another server on the same machine is the same site to a browser, which sends the cookie along: only what shows that
/// it comes from a page of ours is done.
#[tokio::test]
async fn a_session_writes_for_pages_of_this_server_alone() {
    let server = Server::start().await;
    let cookie = server.session().await;
    let sql = json!({ "sql": "select 1 as one" }).to_string();
    let post =
        async |more: &str| server.browser("POST", "/api/v1/sql", &format!("{cookie}{more}"), &sql).await;
    problem(&post("").await, 403, "not_same_origin");
    problem(&post("sec-fetch-site: same-site\r\n").await, 403, "not_same_origin");
    problem(&post("sec-fetch-site: cross-site\r\n").await, 403, "not_same_origin");
    problem(&post("origin: http://localhost:1\r\n").await, 403, "origin_not_allowed");
    assert_eq!(post("sec-fetch-site: same-origin\r\n").await.status, 200);
    assert_eq!(post(&format!("origin: http://{}\r\n", server.address)).await.status, 200);
    let read = async |more: &str| server.browser("GET", STATUS, &format!("{cookie}{more}"), "").await;
    problem(&read("sec-fetch-site: same-site\r\n").await, 403, "not_same_origin");
    assert_eq!(read("sec-fetch-site: none\r\n").await.status, 200);
}

/// Only the token makes codes: a session that could would never end.
#[tokio::test]
async fn codes_are_made_for_the_token_alone() {
    let server = Server::start().await;
    let made = server.ask("POST", "/api/v1/codes", "", "").await;
    assert_eq!(made.status, 201);
    let told = made.json("NewCode");
    let code = told["code"].as_str().expect("a code");
    assert!(code.len() * 4 >= 128, "{code}");
    assert_eq!(told["path"], format!("/#code={code}"));
    assert_eq!(told["expires_time"], "2026-11-22T07:10:00.000000000Z");
    assert_eq!(server.present(code).await.status, 204);
    let cookie = server.session().await;
    let own = format!("{cookie}sec-fetch-site: same-origin\r\n");
    problem(&server.browser("POST", "/api/v1/codes", &own, "").await, 401, "token_missing");
}

#[tokio::test]
async fn guessing_codes_is_slowed_down() {
    let server = Server::start().await;
    for _ in 0..10 {
        problem(&server.present("00000000000000000000000000000000").await, 401, "code_unknown");
    }
    let code = server.sign_in.new_code().expect("randomness");
    let reply = server.present(code.code()).await;
    problem(&reply, 429, "too_many_tries");
    assert_eq!(reply.header("retry-after"), Some("60"));
    server.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(server.present(code.code()).await.status, 204);
}

#[tokio::test]
async fn what_is_no_code_is_refused() {
    let server = Server::start().await;
    let post = async |body: &str| server.browser("POST", "/api/v1/sign-in", "", body).await;
    problem(&post("{\"code\":1}").await, 400, "body_invalid");
    problem(&post("{\"code\":\"x\",\"admin\":true}").await, 400, "body_invalid");
    problem(&post(&json!({ "code": "0".repeat(2_000) }).to_string()).await, 413, "body_too_large");
    problem(&server.browser("GET", "/api/v1/sign-in", "", "").await, 405, "method_not_allowed");
}
