//! Records that are pushed over HTTP: Zscaler's Cloud NSS, Envoy, nginx, and whoever sends on for them.
//!
//! Zscaler's cloud gives a batch up for good at a 400 and tries it again for an hour at anything else. So nothing is answered with
//! 400: what a body holds is for the decoder to find out, and all that can be refused is a sender, a size or a moment. It knows no
//! framework: whoever serves HTTP hands a request over and answers as told.

mod answer;
mod oauth;

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use fanlight_listen::{Admission, BodyError, Guard};
use fanlight_log::{Appender, Frame};
use fanlight_model::{Feed, Product};
use fanlight_runtime::{
    Budget, Clock, Histogram, Ledger, Outcome, Shutdown, own_span, spawn, spawn_blocking,
};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, FORWARDED};
use http::{HeaderMap, HeaderName, Method};
use http_body::Body;
use tracing::{Instrument, Span};

pub use answer::PushAnswer;
pub use oauth::{Oauth, PreparedOauth};

use super::body::{Metered, Share, drain};
use super::credential::{bearer, is_jwt, presented};
use super::door::{STAGE, Tally, end_span, request_span};
use super::recent::{BodyId, Recent, body_id};
use super::refusal::{Refusal, quoted};
use super::sink::Sink;
use super::unpack::{Unpacked, unpack};
use crate::frame_kind;
use crate::kept_lines::visit_kept_lines;
use crate::settings::Payload;
use crate::source_id::SourceIds;

/// Its name among the listeners, though it has no address of its own.
pub(crate) const NAME: &str = "push";

const ZSCALER: &str = "/intake/zscaler/";
const ENVOY: &str = "/intake/envoy";
const NGINX: &str = "/intake/nginx";
/// Below it the feed's name: lines that were kept, to be read again.
const REPARSE: &str = "/intake/reparse/";

/// Hashing, or inflating to several times as much, takes about a millisecond; a larger body goes to a blocking thread.
const LARGE_BODY_BYTES: usize = 64 << 10;

/// What a proxy on this machine tells of the peer that it speaks for.
const FOR_ANOTHER: [HeaderName; 2] = [FORWARDED, HeaderName::from_static("x-forwarded-for")];

/// A request's head.
#[derive(Clone, Copy, Debug)]
pub struct PushRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The path alone.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Where it comes from.
    pub peer: SocketAddr,
}

/// Takes what is pushed; clones are the same door.
#[derive(Clone, Debug)]
pub struct PushDoor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    appender: Appender<Payload>,
    clock: Clock,
    ledger: Ledger,
    shutdown: Shutdown,
    budget: Budget,
    sources: Arc<SourceIds>,
    acknowledged: Histogram,
    max_body_bytes: usize,
    senders: Senders,
    recent: Recent,
}

/// Who may push.
#[derive(Debug)]
pub(crate) struct Senders {
    /// Addresses, and tokens of a file.
    pub(crate) admission: Admission,
    /// A header that carries such a token as it is.
    pub(crate) header: Option<HeaderName>,
    /// Tokens of an authorisation server.
    pub(crate) oauth: Oauth,
}

impl PushDoor {
    /// The paths that are served, as a router of the usual kind has them: all below this one.
    pub const PATHS: &'static str = "/intake/{*feed}";

    /// A door to the log that `sink` leads to.
    pub(crate) fn new(sink: &Sink, acknowledged: Histogram, max_body_bytes: usize, senders: Senders) -> Self {
        let Sink { appender, clock, ledger, shutdown, budget, sources } = sink.clone();
        let recent = Recent::default();
        let inner = Inner {
            appender,
            clock,
            ledger,
            shutdown,
            budget,
            sources,
            acknowledged,
            max_body_bytes,
            senders,
            recent,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes one request, and says how to answer it. It is acknowledged only once its body is durable.
    pub async fn take<B>(&self, request: PushRequest<'_>, body: B) -> PushAnswer
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let tally = Tally::received(&self.inner.ledger, NAME);
        let span = request_span(NAME);
        let mut body = Foreign(body);
        let result = self.receive(request, &mut body).instrument(span.clone()).await;
        end_span(&span, &result);
        tally.close(&result);
        match result {
            Ok(text) => PushAnswer::taken(text),
            Err(refusal) => {
                if !request.headers.contains_key(EXPECT) {
                    drain(body).await;
                }
                PushAnswer::refused(&refusal)
            }
        }
    }

    async fn receive<B>(&self, request: PushRequest<'_>, body: &mut B) -> Result<&'static str, Refusal>
    where
        B: Body<Data = Bytes, Error = Refusal> + Unpin,
    {
        let PushRequest { method, path, headers, peer } = request;
        self.check(headers, peer)?;
        let target = Target::at(path).ok_or_else(|| Refusal::NoSuchPath(quoted(path)))?;
        match *method {
            Method::POST => {}
            // Whoever tries out whether the address is right.
            Method::GET | Method::HEAD => return Ok("ok"),
            _ => return Err(Refusal::WrongMethod),
        }
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let share = self.inner.admit(announced)?;
        let body = Metered::new(body, share.clone(), self.inner.max_body_bytes).read_whole().await?;
        if body.is_empty() {
            return Ok("ok, and nothing to keep");
        }
        let told = headers.get(CONTENT_ENCODING).and_then(|told| told.to_str().ok()).map(str::to_owned);
        self.keep(target, body, told, share).await
    }

    /// Judges who sends. Where no token is wanted, only whoever was named by address, or is on this machine and speaks for itself.
    fn check(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Refusal> {
        let Senders { admission, header, oauth } = &self.inner.senders;
        let guard: Guard = admission.guard(peer);
        guard.check_address()?;
        let (verifier, wants_line) = (oauth.verifier(), guard.wants_token());
        if verifier.is_none() && !wants_line {
            let is_local = peer.ip().to_canonical().is_loopback();
            let speaks_for_itself = !FOR_ANOTHER.iter().any(|name| headers.contains_key(name));
            let is_open = guard.lists_addresses() || (is_local && speaks_for_itself);
            return if is_open { Ok(()) } else { Err(Refusal::TokenMissing) };
        }
        let tokens = presented(headers, header.as_ref());
        if tokens.iter().any(|token| guard.knows_token(token)) {
            return Ok(());
        }
        match verifier.zip(bearer(headers)) {
            Some((verifier, token)) if is_jwt(token) || !wants_line => {
                let verified = verifier.verify(token, self.inner.clock.now());
                verified.map(drop).map_err(Refusal::BearerWrong)
            }
            _ if tokens.is_empty() => Err(Refusal::TokenMissing),
            _ => Err(Refusal::TokenWrong),
        }
    }

    /// Inflates a body as far as that goes, and makes it durable; returns once it is. A sender that hangs up meanwhile changes nothing.
    async fn keep(
        &self,
        target: Target,
        body: Bytes,
        told: Option<String>,
        share: Share,
    ) -> Result<&'static str, Refusal> {
        let (began, feed) = (self.inner.clock.elapsed(), target.feed);
        let (limit, covered) = (self.inner.max_body_bytes, share.clone());
        let is_large = body.len() >= LARGE_BODY_BYTES;
        let work = move || {
            let Unpacked { bytes, oddity } = unpack(body, told.as_deref(), limit, &covered)?;
            target.check(&bytes)?;
            let id = body_id(target.kind, &bytes);
            Ok::<_, Refusal>((bytes, oddity, id))
        };
        let (bytes, oddity, id) = match is_large {
            true => spawn_blocking("intake.unpack", work).await.unwrap_or(Err(Refusal::Busy))?,
            false => work()?,
        };
        share.shrink_to(bytes.len());
        let Inner { ledger, recent, clock, .. } = &*self.inner;
        if target.is_told_once()
            && let Some(position) = recent.find(&id, clock.elapsed())
        {
            ledger.add(STAGE, "body", Outcome::Duplicate, feed.as_str(), 1);
            tracing::debug!(name: "intake.push.again", feed = feed.as_str(), ?position, "a body came again and is durable already");
            return Ok("ok, it came before");
        }
        let root = Span::current();
        let (inner, appending) =
            (Arc::clone(&self.inner), own_span!(root, "intake.append", bytes = bytes.len()));
        let payload = Payload { permit: share.take(), span: root, ..Payload::default() };
        let work = async move { inner.commit(target, bytes, id, payload).await };
        spawn("intake.append", work.instrument(appending)).await.unwrap_or(Err(Refusal::DiskFailed))?;
        if let Some(oddity) = oddity {
            ledger.add(STAGE, "body", Outcome::Repaired, oddity, 1);
        }
        self.inner.acknowledged.observe_duration(&[], clock.elapsed().saturating_sub(began), None);
        Ok("ok")
    }
}

impl Inner {
    fn admit(&self, announced: Option<u64>) -> Result<Share, Refusal> {
        if self.shutdown.is_begun() {
            return Err(Refusal::Stopping);
        }
        if announced.is_some_and(|bytes| bytes > self.max_body_bytes as u64) {
            return Err(Refusal::TooLarge { limit: self.max_body_bytes });
        }
        Share::of(&self.budget, announced)
    }

    async fn commit(
        &self,
        target: Target,
        bytes: Bytes,
        id: BodyId,
        payload: Payload,
    ) -> Result<(), Refusal> {
        let Target { kind, feed } = target;
        let length = bytes.len() as u64;
        let count = |outcome, reason: &str| {
            self.ledger.add(STAGE, "frame", outcome, reason, 1);
            self.ledger.add(STAGE, "byte", outcome, reason, length);
        };
        count(Outcome::Received, feed.as_str());
        let source_id = self.sources.next();
        let frame = Frame { kind, arrival: self.clock.now(), source_id, encoding: 0, bytes };
        match self.appender.append(frame, payload).await {
            Ok(position) => {
                count(Outcome::Stored, feed.as_str());
                self.recent.remember(id, position, self.clock.elapsed());
                Ok(())
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                count(Outcome::Refused, refusal.word());
                Err(refusal)
            }
        }
    }
}

/// What is pushed to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    /// The kind of its frame.
    kind: u8,
    feed: Feed,
}

impl Target {
    /// Envoy's and nginx's records have paths of their own.
    fn at(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let zscalers =
            || path.strip_prefix(ZSCALER).and_then(Feed::from_name).filter(|feed| is_zscalers(*feed));
        let pushed = match path {
            ENVOY => Some(Feed::Envoy),
            NGINX => Some(Feed::Nginx),
            _ => zscalers(),
        };
        let again = || path.strip_prefix(REPARSE).and_then(Feed::from_name);
        match pushed {
            Some(feed) => Some(Self { kind: frame_kind::pushed(feed), feed }),
            None => again().map(|feed| Self { kind: frame_kind::reparsed(feed), feed }),
        }
    }

    /// A sender repeats what it was not told of; lines are read again as often as somebody wants.
    fn is_told_once(self) -> bool {
        self.kind != frame_kind::reparsed(self.feed)
    }

    /// What a feed sends is never refused for what it holds; lines to be read again come from a program of ours.
    fn check(self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.kind == frame_kind::reparsed(self.feed) {
            visit_kept_lines(bytes, &mut |_| ()).map_err(|error| Refusal::NoKeptLines(error.to_string()))?;
        }
        Ok(())
    }
}

fn is_zscalers(feed: Feed) -> bool {
    matches!(feed.product(), Product::Zpa | Product::Zia)
}

/// A body of whichever framework, with our words for how it can fail.
struct Foreign<B>(B);

impl<B> Body for Foreign<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Refusal;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Refusal>>> {
        let frame = Pin::new(&mut self.0).poll_frame(context);
        frame.map(|frame| frame.map(|frame| frame.map_err(|error| refusal_of(&*error.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.size_hint()
    }
}

/// A framework wraps the error of the listener that it runs on.
fn refusal_of(error: &(dyn Error + Send + Sync + 'static)) -> Refusal {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(BodyError::TooSlow) = error.downcast_ref() {
            return Refusal::TooSlow;
        }
        next = error.source();
    }
    Refusal::BrokenOff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feed_has_its_path() {
        let pushed = |feed: Feed| Target { kind: frame_kind::pushed(feed), feed };
        for feed in Feed::ALL.iter().copied() {
            let below = format!("{ZSCALER}{feed}");
            assert_eq!(Target::at(&below), is_zscalers(feed).then_some(pushed(feed)), "{below}");
            let again = Target { kind: frame_kind::reparsed(feed), feed };
            assert_eq!(Target::at(&format!("{REPARSE}{feed}")), Some(again), "{feed}");
        }
        for (path, expected) in [
            ("/intake/envoy", Some(Feed::Envoy)),
            ("/intake/nginx/", Some(Feed::Nginx)),
            ("/intake/zscaler/zia.web", Some(Feed::ZiaWeb)),
            ("/intake/zscaler/zia_fw", Some(Feed::ZiaFirewall)),
            ("/intake/zscaler/", None),
            ("/intake/zscaler/zia_web/x", None),
            ("/intake/reparse/other", None),
            ("/intake/other", None),
        ] {
            assert_eq!(Target::at(path), expected.map(pushed), "{path}");
        }
    }

    #[test]
    fn only_what_is_to_be_read_again_has_a_form() {
        let (pushed, again) = ("/intake/zscaler/zia_web", "/intake/reparse/zia_web");
        let check = |path: &str, body: &str| Target::at(path).expect("a path").check(body.as_bytes());
        assert_eq!(check(pushed, "anything"), Ok(()));
        assert_eq!(check(again, "5 raw 1\nx\n"), Ok(()));
        assert!(matches!(check(again, "anything"), Err(Refusal::NoKeptLines(_))));
    }
}
