//! Asks a running server over its HTTP API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::command_line::Reach;
use crate::folder::DataFolder;
use crate::outcome::{Exit, Failure};

/// Where servers keep their data when nobody says otherwise.
const USUAL_FOLDERS: [&str; 2] = ["fanlight-data", "fanlight-demo"];
/// Longer than any query may run.
const TIMEOUT: Duration = Duration::from_secs(90);
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// A server, and the token for it.
pub(super) struct Client {
    server: String,
    token: Option<String>,
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// By what was typed; else the server whose data folder is here.
    pub(super) fn find(reach: &Reach) -> Result<Self, Failure> {
        let folder = data_folder(reach, Path::new("."))?;
        let server = match (&reach.server, &folder) {
            (Some(server), _) => server.trim_end_matches('/').to_owned(),
            (None, Some(folder)) => {
                format!("http://{}", api_address(folder).unwrap_or_else(|| "127.0.0.1:8080".to_owned()))
            }
            (None, None) => "http://127.0.0.1:8080".to_owned(),
        };
        if !server.starts_with("http://") {
            return Err(Failure::text(Exit::Usage, format!("`{server}` is not an http URL"))
                .with_hint("write it like `--server http://127.0.0.1:8080`"));
        }
        let token_file = reach.token_file.clone().or_else(|| folder.map(|folder| folder.admin_token()));
        let token = token_file.map(|file| read_token(&file)).transpose()?;
        Ok(Self { server, token, http: HttpClient::builder(TokioExecutor::new()).build_http() })
    }

    /// By what was typed alone: no token is looked for where none was named.
    pub(super) fn with_own_token(reach: &Reach) -> Result<Self, Failure> {
        let found = Self::find(&Reach { token_file: None, ..reach.clone() })?;
        let token = reach.token_file.as_ref().map(read_token).transpose()?;
        Ok(Self { token, ..found })
    }

    /// Where it is: `http://127.0.0.1:8080`.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// `GET path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(Method::GET, path, None).await?.map_err(Refused::into_failure)
    }

    /// `POST path` with a JSON body.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(Method::POST, path, Some(body)).await?.map_err(Refused::into_failure)
    }

    /// The server's answer, or its refusal for whoever can say more of it than its sentence.
    pub(super) async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Value, Refused>, Failure> {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let (status, body) = self.exchange(method, path, "application/json", body).await?;
        if status.is_success() {
            return Ok(Ok(serde_json::from_slice(&body)?));
        }
        Ok(Err(Refused { status, problem: serde_json::from_slice(&body).unwrap_or(Value::Null) }))
    }

    /// `POST path` with bytes; the server's refusal where it does not take them.
    pub(super) async fn send(&self, path: &str, body: Bytes) -> Result<Result<(), Refused>, Failure> {
        let (status, body) = self.exchange(Method::POST, path, "application/octet-stream", body).await?;
        if status.is_success() {
            return Ok(Ok(()));
        }
        Ok(Err(Refused { status, problem: serde_json::from_slice(&body).unwrap_or(Value::Null) }))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header(header::CONTENT_TYPE, content_type);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body))?;
        let answer = tokio::time::timeout(TIMEOUT, self.http.request(request))
            .await
            .map_err(|_| {
                Failure::text(
                    Exit::NotReachable,
                    format!("no answer from `{}` within {} s", self.server, TIMEOUT.as_secs()),
                )
            })?
            .map_err(|cause| {
                Failure::new(
                    Exit::NotReachable,
                    anyhow::Error::new(cause).context(format!("cannot reach a server at `{}`", self.server)),
                )
                .with_hint("start one with `fanlight serve`, or name it with `--server URL`")
            })?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES)
            .collect()
            .await
            .map_err(anyhow::Error::from_boxed)?
            .to_bytes();
        Ok((status, body))
    }
}

/// The server's `application/problem+json`.
pub(super) struct Refused {
    status: StatusCode,
    problem: Value,
}

impl Refused {
    /// Whether the same may be taken a moment later.
    pub(super) fn is_busy(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.problem.get(name).and_then(Value::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.problem.get(name).and_then(Value::as_u64)
    }

    /// In a person's words.
    pub(super) fn into_failure(self) -> Failure {
        let (status, field) = (self.status, |name: &str| self.field(name));
        let text = field("detail")
            .or_else(|| field("title"))
            .map_or_else(|| format!("the server answered {status}"), str::to_owned);
        let exit = match status {
            StatusCode::UNAUTHORIZED => Exit::Auth,
            StatusCode::FORBIDDEN => Exit::Denied,
            _ => Exit::Failed,
        };
        let failure = Failure::text(exit, text);
        match field("hint") {
            Some(hint) => failure.with_hint(hint),
            None if status == StatusCode::UNAUTHORIZED => failure
                .with_hint("name the token with `--token-file`, or the server's data folder with `--data`"),
            None => failure,
        }
    }
}

/// The folder that was named; else the usual one in `here` whose server is the one asked for.
fn data_folder(reach: &Reach, here: &Path) -> Result<Option<DataFolder>, Failure> {
    if let Some(directory) = &reach.data {
        let folder = DataFolder::new(directory);
        if !folder.admin_token().exists() {
            return Err(Failure::text(
                Exit::Auth,
                format!("there is no `{}`", folder.admin_token().display()),
            )
            .with_hint("`--data` names the folder that the server was started with"));
        }
        return Ok(Some(folder));
    }
    let usual: Vec<DataFolder> = USUAL_FOLDERS
        .iter()
        .map(|name| DataFolder::new(&here.join(name)))
        .filter(|folder| folder.admin_token().exists())
        .collect();
    let wanted = reach.server.as_deref().map(|server| {
        server.trim_end_matches('/').trim_start_matches("http://").replace("localhost", "127.0.0.1")
    });
    let fits = |folder: &&DataFolder| match &wanted {
        Some(wanted) => api_address(folder).as_deref() == Some(wanted),
        None => is_running(folder),
    };
    // A token goes to its own server only, never to whatever `--server` names.
    let any = if wanted.is_none() { usual.first() } else { None };
    Ok(usual.iter().find(fits).or(any).cloned())
}

fn api_address(folder: &DataFolder) -> Option<String> {
    folder.read_listeners()?.remove("api")
}

/// A running server holds its folder's lock.
fn is_running(folder: &DataFolder) -> bool {
    std::fs::File::open(folder.lock())
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
}

fn read_token(file: &PathBuf) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|cause| {
        Failure::new(
            Exit::Auth,
            anyhow::Error::new(cause).context(format!("cannot read the token file `{}`", file.display())),
        )
    })?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(server: Option<&str>, finds: bool) {
        let here = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&here.path().join("fanlight-data"));
        std::fs::create_dir_all(folder.path()).unwrap();
        std::fs::write(folder.admin_token(), "a token").unwrap();
        std::fs::write(folder.listeners(), r#"{"api": "127.0.0.1:18080"}"#).unwrap();
        let reach = Reach { server: server.map(str::to_owned), token_file: None, data: None };
        let found = data_folder(&reach, here.path()).unwrap();
        assert_eq!(found.is_some(), finds, "{server:?}");
    }

    /// The folder that lies here is another server's: its token is not for whatever `--server` names.
    #[test]
    fn a_token_goes_to_its_own_server_only() {
        check(None, true);
        check(Some("http://127.0.0.1:18080"), true);
        check(Some("http://localhost:18080/"), true);
        check(Some("http://127.0.0.1:18081"), false);
        check(Some("http://fanlight.example.com:18080"), false);
        check(Some("http://127.0.0.1:18080.example.com"), false);
    }
}
