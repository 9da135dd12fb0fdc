//! Sign-in by a code that is good once: who can read the server's terminal, or has its token, can open the pane.
//!
//! A code becomes a session, whose cookie no script can read. Both are kept in memory alone, as hashes: a restart ends all of
//! them, and what is not in memory cannot leak from it.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::Clock;

use crate::token::SecretHash;

/// How long a code is good: long enough to copy it from a terminal into a browser.
pub(crate) const CODE_LIFE: Duration = Duration::from_secs(600);
/// Codes at once. A new one takes the place of the oldest.
const MAX_CODES: usize = 16;
/// How long a session lasts: a working day.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// Sessions at once. A new one takes the place of the oldest.
const MAX_SESSIONS: usize = 64;
/// Codes of no use that one address may present in [`TRIES_EVERY`]. Nobody guesses 128 bits; this keeps the log quiet.
const MAX_TRIES: u32 = 10;
const TRIES_EVERY: Duration = Duration::from_secs(60);
/// Addresses whose tries are counted apart; all others share one count.
const MAX_PEERS: usize = 1_024;

const CODE_BYTES: usize = 16;
const SESSION_BYTES: usize = 32;

/// Makes codes, and changes them for sessions; clones share both.
#[derive(Clone)]
pub struct SignIn {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

/// The system gave no randomness for a secret.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a code: the system gives no randomness")]
pub struct SignInError {
    #[source]
    cause: getrandom::Error,
}

/// A new code.
#[derive(Clone)]
pub struct NewCode {
    code: String,
    expires_time: Timestamp,
}

/// Why a code was not changed for a session.
#[derive(Debug)]
pub(crate) enum NotSignedIn {
    Unknown,
    TooManyTries { retry_after: Duration },
    NoRandomness(SignInError),
}

#[derive(Default)]
struct State {
    codes: Vec<Secret>,
    sessions: Vec<Secret>,
    tries: HashMap<Option<IpAddr>, Tries>,
}

/// A hash, and until when it counts, on the clock that never goes back.
struct Secret {
    hash: SecretHash,
    until: Duration,
}

struct Tries {
    since: Duration,
    count: u32,
}

impl SignIn {
    /// Nobody is signed in yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// A code that is good once, and for ten minutes.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn new_code(&self) -> Result<NewCode, SignInError> {
        let code = random::<CODE_BYTES>()?;
        let until = self.clock.elapsed().saturating_add(CODE_LIFE);
        let secret = Secret { hash: SecretHash::of(&code), until };
        keep(&mut self.state().codes, secret, MAX_CODES, self.clock.elapsed());
        Ok(NewCode { code, expires_time: self.clock.now().after(CODE_LIFE) })
    }

    /// Changes a code for a session, whose secret is the cookie's value.
    pub(crate) fn redeem(&self, code: &str, peer: Option<IpAddr>) -> Result<String, NotSignedIn> {
        let now = self.clock.elapsed();
        let mut state = self.state();
        let peer = peer.map(network);
        if let Some(retry_after) = state.must_wait(peer, now) {
            return Err(NotSignedIn::TooManyTries { retry_after });
        }
        let Some(place) = find(&state.codes, code, now) else {
            state.count_try(peer, now);
            return Err(NotSignedIn::Unknown);
        };
        let session = random::<SESSION_BYTES>().map_err(NotSignedIn::NoRandomness)?;
        state.codes.remove(place);
        state.tries.remove(&peer);
        let secret = Secret { hash: SecretHash::of(&session), until: now.saturating_add(SESSION_LIFE) };
        keep(&mut state.sessions, secret, MAX_SESSIONS, now);
        Ok(session)
    }

    /// True for the secret of a session that has not ended.
    pub(crate) fn is_session(&self, presented: &str) -> bool {
        find(&self.state().sessions, presented, self.clock.elapsed()).is_some()
    }

    /// Ends a session.
    pub(crate) fn end(&self, presented: &str) {
        let mut state = self.state();
        if let Some(place) = find(&state.sessions, presented, self.clock.elapsed()) {
            state.sessions.remove(place);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NewCode {
    /// The code itself.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// When it is no longer good.
    pub fn expires_time(&self) -> Timestamp {
        self.expires_time
    }

    /// What stands behind a page's URL: a browser keeps it to itself and sends it nowhere.
    pub fn fragment(&self) -> String {
        format!("#code={}", self.code)
    }
}

impl State {
    fn must_wait(&self, peer: Option<IpAddr>, now: Duration) -> Option<Duration> {
        let tries = self.tries.get(&peer).or_else(|| self.tries.get(&None).filter(|_| self.is_full()))?;
        let left = TRIES_EVERY.saturating_sub(now.saturating_sub(tries.since));
        (tries.count >= MAX_TRIES && !left.is_zero()).then_some(left)
    }

    fn count_try(&mut self, peer: Option<IpAddr>, now: Duration) {
        if self.is_full() {
            self.tries.retain(|_, tries| now.saturating_sub(tries.since) < TRIES_EVERY);
        }
        let peer = if self.is_full() && !self.tries.contains_key(&peer) { None } else { peer };
        let tries = self.tries.entry(peer).or_insert(Tries { since: now, count: 0 });
        if now.saturating_sub(tries.since) >= TRIES_EVERY {
            *tries = Tries { since: now, count: 0 };
        }
        tries.count = tries.count.saturating_add(1);
    }

    fn is_full(&self) -> bool {
        self.tries.len() >= MAX_PEERS
    }
}

/// Takes the same time whichever matches, and whether any does.
fn find(secrets: &[Secret], presented: &str, now: Duration) -> Option<usize> {
    let presented = SecretHash::of(presented);
    let mut found = None;
    for (place, secret) in secrets.iter().enumerate() {
        if secret.hash.is(&presented) && now < secret.until {
            found = Some(place);
        }
    }
    found
}

fn keep(secrets: &mut Vec<Secret>, secret: Secret, most: usize, now: Duration) {
    secrets.retain(|known| now < known.until);
    while secrets.len() >= most {
        // They stand in the order in which they were made.
        secrets.remove(0);
    }
    secrets.push(secret);
}

/// Who has one address of an IPv6 network has 2^64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

fn random<const N: usize>() -> Result<String, SignInError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| SignInError { cause })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn")
    }
}

impl fmt::Debug for NewCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCode").field("expires_time", &self.expires_time).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

    fn sign_in() -> (SignIn, Clock) {
        let clock = Clock::manual(Timestamp::from_seconds(1_795_330_800));
        (SignIn::new(clock.clone()), clock)
    }

    fn code(sign_in: &SignIn) -> String {
        sign_in.new_code().expect("randomness").code().to_owned()
    }

    #[test]
    fn a_code_is_good_once_and_for_ten_minutes() {
        let (sign_in, clock) = sign_in();
        let first = code(&sign_in);
        assert!(first.len() >= 32, "128 bits");
        let session = sign_in.redeem(&first, PEER).expect("is good");
        assert!(sign_in.is_session(&session));
        assert!(matches!(sign_in.redeem(&first, PEER), Err(NotSignedIn::Unknown)));
        let second = code(&sign_in);
        clock.advance(CODE_LIFE);
        assert!(matches!(sign_in.redeem(&second, PEER), Err(NotSignedIn::Unknown)));
    }

    #[test]
    fn a_session_ends_after_twelve_hours_or_when_told() {
        let (sign_in, clock) = sign_in();
        let one = sign_in.redeem(&code(&sign_in), PEER).expect("is good");
        let other = sign_in.redeem(&code(&sign_in), PEER).expect("is good");
        sign_in.end(&one);
        assert!(!sign_in.is_session(&one) && sign_in.is_session(&other));
        clock.advance(SESSION_LIFE);
        assert!(!sign_in.is_session(&other));
    }

    #[test]
    fn codes_and_sessions_are_bounded_and_the_oldest_goes() {
        let (sign_in, _clock) = sign_in();
        let codes: Vec<String> = (0..=MAX_CODES).map(|_| code(&sign_in)).collect();
        assert!(sign_in.redeem(&codes[0], PEER).is_err());
        assert!(sign_in.redeem(&codes[1], PEER).is_ok());
        let sessions: Vec<String> =
            (0..=MAX_SESSIONS).map(|_| sign_in.redeem(&code(&sign_in), PEER).expect("is good")).collect();
        assert!(!sign_in.is_session(&sessions[0]) && sign_in.is_session(&sessions[1]));
        assert_eq!(sign_in.state().sessions.len(), MAX_SESSIONS);
    }

    /// Eleven wrong codes from one address: it has to wait, even with the right one; another address does not.
    #[test]
    fn wrong_codes_cost_their_address_a_minute() {
        let (sign_in, clock) = sign_in();
        let good = code(&sign_in);
        for _ in 0..MAX_TRIES {
            assert!(matches!(sign_in.redeem("0", PEER), Err(NotSignedIn::Unknown)));
        }
        assert!(matches!(sign_in.redeem(&good, PEER), Err(NotSignedIn::TooManyTries { .. })));
        let other = Some("192.0.2.8".parse().expect("an address"));
        assert!(matches!(sign_in.redeem("0", other), Err(NotSignedIn::Unknown)));
        clock.advance(TRIES_EVERY);
        assert!(sign_in.redeem(&good, PEER).is_ok());
    }

    /// A million addresses take no more memory than a thousand, and share what is left of the tries.
    #[test]
    fn the_count_of_tries_is_bounded() {
        let (sign_in, _clock) = sign_in();
        for number in 0..3_000_u32 {
            drop(sign_in.redeem("0", Some(IpAddr::V4(number.into()))));
        }
        assert!(sign_in.state().tries.len() <= MAX_PEERS + 1);
        let late = Some(IpAddr::V4(u32::MAX.into()));
        assert!(matches!(sign_in.redeem("0", late), Err(NotSignedIn::TooManyTries { .. })));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let (one, other) = ("2001:db8::1".parse().expect("v6"), "2001:db8::ffff:1:2".parse().expect("v6"));
        assert_eq!(network(one), network(other));
        assert_ne!(network(one), network("2001:db8:0:1::1".parse().expect("v6")));
    }
}
