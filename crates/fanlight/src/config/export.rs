//! The backends of the enriched spans: presets, and what overrides them.

use std::path::Path;
use std::time::Duration;

use fanlight_export::{ClientTls, Protocol, Target};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::check::ConfigError;
use super::file;
use super::settings::{ExportTarget, Reader};

/// What a kind of backend is known for. Every key of it can be overridden.
struct Preset {
    name: &'static str,
    protocol: Protocol,
    /// Where it takes OTLP over HTTP, and over gRPC; `None` where that is for the user to say.
    http: Option<&'static str>,
    grpc: Option<&'static str>,
    token_header: &'static str,
    needs_token: bool,
}

/// The first is what a target without a preset has.
const PRESETS: [Preset; 2] = [
    Preset {
        name: "generic",
        protocol: Protocol::Http,
        http: None,
        grpc: None,
        token_header: "authorization",
        needs_token: false,
    },
    Preset {
        name: "lightstep",
        protocol: Protocol::Grpc,
        http: Some("https://ingest.lightstep.com/traces/otlp/v0.9"),
        grpc: Some("https://ingest.lightstep.com:443"),
        token_header: "lightstep-access-token",
        needs_token: true,
    },
];

/// The targets, each checked; the files that they name are read relative to `folder`.
pub(super) fn targets(
    reader: &Reader<'_>,
    typed: &[file::Export],
    folder: &Path,
) -> Result<Vec<ExportTarget>, ConfigError> {
    let mut targets: Vec<ExportTarget> = Vec::new();
    for (index, export) in typed.iter().enumerate() {
        let at = format!("export.{index}");
        let one = One { reader, at: &at, export, folder };
        let target = one.target()?;
        if targets.iter().any(|earlier| earlier.target.name == target.name) {
            let problem = format!("`{}` is the name of two targets", target.name);
            return Err(reader.source.error(&format!("{at}.name"), problem, None));
        }
        targets.push(ExportTarget { target, files: one.files() });
    }
    Ok(targets)
}

/// One `[[export]]` table.
struct One<'a> {
    reader: &'a Reader<'a>,
    /// Its path.
    at: &'a str,
    export: &'a file::Export,
    folder: &'a Path,
}

impl One<'_> {
    fn target(&self) -> Result<Target, ConfigError> {
        let Self { reader, export, .. } = self;
        let preset = self.preset()?;
        let protocol = self.protocol()?.unwrap_or(preset.protocol);
        let endpoint = self.endpoint(preset, protocol)?;
        let tls = self.tls(endpoint.scheme_str() == Some("https"))?;
        let path = |key| format!("{}.{key}", self.at);
        let queue_bytes = reader.size(&path("queue"), export.queue.as_deref(), 1 << 30)?;
        let ten_seconds = Duration::from_secs(10);
        let timeout = reader.duration(&path("timeout"), export.timeout.as_deref(), ten_seconds)?;
        Ok(Target {
            name: self.name()?,
            endpoint,
            protocol,
            tls,
            headers: self.headers(preset)?,
            gzip: self.gzip()?,
            queue_bytes,
            timeout,
        })
    }

    /// All files that it names.
    fn files(&self) -> Vec<std::path::PathBuf> {
        let file::Export { token_file, ca_file, certificate_file, key_file, header_files, .. } = self.export;
        let named = [token_file, ca_file, certificate_file, key_file].into_iter().flatten();
        named.chain(header_files.values()).map(|file| self.folder.join(file)).collect()
    }

    fn error(&self, key: &str, problem: String, hint: impl Into<String>) -> ConfigError {
        self.reader.source.error(&format!("{}.{key}", self.at), problem, Some(hint.into()))
    }

    fn name(&self) -> Result<String, ConfigError> {
        let name = self.reader.required(&format!("{}.name", self.at), self.export.name.as_deref())?;
        if name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
            return Ok(name.to_owned());
        }
        Err(self.error("name", format!("`{name}` cannot name a folder"), "use letters, digits, `-` and `_`"))
    }

    fn preset(&self) -> Result<&'static Preset, ConfigError> {
        let wanted = self.export.preset.as_deref().unwrap_or("generic");
        PRESETS.iter().find(|preset| preset.name == wanted).ok_or_else(|| {
            let known = PRESETS.map(|preset| format!("`{}`", preset.name)).join(", ");
            self.error("preset", format!("`{wanted}` is not a preset"), format!("known: {known}"))
        })
    }

    fn protocol(&self) -> Result<Option<Protocol>, ConfigError> {
        match self.export.protocol.as_deref() {
            None => Ok(None),
            Some("http") => Ok(Some(Protocol::Http)),
            Some("grpc") => Ok(Some(Protocol::Grpc)),
            Some(other) => {
                Err(self.error("protocol", format!("`{other}` is not known"), "write `http` or `grpc`"))
            }
        }
    }

    fn endpoint(&self, preset: &Preset, protocol: Protocol) -> Result<http::Uri, ConfigError> {
        let (known, example) = match protocol {
            Protocol::Http => (preset.http, "https://ingest.example.com/v1/traces"),
            Protocol::Grpc => (preset.grpc, "https://ingest.example.com:4317"),
        };
        let typed = self.export.endpoint.as_deref().or(known);
        let text = self.reader.required(&format!("{}.endpoint", self.at), typed)?;
        let hint = format!("write it whole, like `\"{example}\"`");
        let endpoint = text
            .parse::<http::Uri>()
            .ok()
            .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
            .ok_or_else(|| {
                self.error("endpoint", format!("`{text}` is not an http or https URL"), hint.clone())
            })?;
        if protocol == Protocol::Grpc && endpoint.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err(self.error("endpoint", format!("`{text}` has a path, which gRPC has not"), hint));
        }
        Ok(endpoint)
    }

    fn gzip(&self) -> Result<bool, ConfigError> {
        match self.export.compression.as_deref() {
            None | Some("gzip") => Ok(true),
            Some("none") => Ok(false),
            Some(other) => {
                Err(self.error("compression", format!("`{other}` is not known"), "write `gzip` or `none`"))
            }
        }
    }

    fn headers(&self, preset: &Preset) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
        let mut headers = Vec::new();
        let name = self.export.token_header.as_deref().unwrap_or(preset.token_header);
        let header = self.header_name("token_header", name)?;
        match self.export.token_file.as_deref() {
            Some(file) => {
                let token = self.secret("token_file", file)?;
                let token = match header {
                    // Whoever wrote the scheme into the file meant it.
                    AUTHORIZATION if !token.contains(' ') => format!("Bearer {token}"),
                    _ => token,
                };
                headers.push((header, self.header_value("token_file", file, &token)?));
            }
            None if preset.needs_token && !self.has_header(name) => {
                let problem = format!("the preset `{}` sends a token, and nothing says which", preset.name);
                return Err(self.error(
                    "preset",
                    problem,
                    "write it into a file and name that: `token_file = \"secrets/token\"`",
                ));
            }
            None => {}
        }
        for (name, file) in &self.export.header_files {
            let key = format!("header_files.{name}");
            let secret = self.secret(&key, file)?;
            headers.push((self.header_name(&key, name)?, self.header_value(&key, file, &secret)?));
        }
        Ok(headers)
    }

    fn has_header(&self, name: &str) -> bool {
        self.export.header_files.keys().any(|header| header.eq_ignore_ascii_case(name))
    }

    fn header_name(&self, key: &str, name: &str) -> Result<HeaderName, ConfigError> {
        name.parse().map_err(|_| {
            self.error(key, format!("`{name}` is not a header's name"), "letters, digits and `-`")
        })
    }

    fn header_value(&self, key: &str, file: &str, secret: &str) -> Result<HeaderValue, ConfigError> {
        let mut value = HeaderValue::from_str(secret).map_err(|_| {
            let problem =
                format!("`{}` holds more than a header can carry", self.folder.join(file).display());
            self.error(key, problem, "one line of visible ASCII")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn secret(&self, key: &str, file: &str) -> Result<String, ConfigError> {
        let bytes = self.file(key, file, "the value stands in this file, alone")?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn tls(&self, is_https: bool) -> Result<ClientTls, ConfigError> {
        let typed = [
            ("ca_file", &self.export.ca_file),
            ("certificate_file", &self.export.certificate_file),
            ("key_file", &self.export.key_file),
        ];
        if let Some((key, _)) = typed.iter().find(|(_, file)| file.is_some() && !is_https) {
            return Err(self.error(
                key,
                "it is for `https`, and the endpoint is not".to_owned(),
                "write the endpoint as `https://…`",
            ));
        }
        let [ca, certificate, key] = typed.map(|(key, file)| {
            file.as_deref().map(|file| self.file(key, file, "a file in PEM form")).transpose()
        });
        let identity = match (certificate?, key?) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(_), None) => {
                return Err(self.error(
                    "certificate_file",
                    "a certificate without its key".to_owned(),
                    "name its key in `key_file`",
                ));
            }
            (None, Some(_)) => {
                return Err(self.error(
                    "key_file",
                    "a key without its certificate".to_owned(),
                    "name its certificate in `certificate_file`",
                ));
            }
        };
        Ok(ClientTls { authorities: ca?, identity })
    }

    fn file(&self, key: &str, file: &str, hint: &str) -> Result<Vec<u8>, ConfigError> {
        let path = self.folder.join(file);
        std::fs::read(&path)
            .map_err(|cause| self.error(key, format!("cannot read `{}`: {cause}", path.display()), hint))
    }
}
