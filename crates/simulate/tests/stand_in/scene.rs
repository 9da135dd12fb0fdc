//! An app, a receiver and a stand-in between them, all on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fanlight_runtime::{Clock, Shutdown, spawn};
use fanlight_simulate::stand_in::{Settings, StandIn, User};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// Nothing here takes long; whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Scene {
    upstream: SocketAddr,
    connections: Arc<AtomicUsize>,
    users: Vec<(Arc<str>, SocketAddr)>,
    receiver: SocketAddr,
    lines: Mutex<mpsc::Receiver<String>>,
    into_lines: mpsc::Sender<String>,
    receiving: Mutex<Option<JoinHandle<()>>>,
    shutdown: Shutdown,
    stand_in: Mutex<Option<JoinHandle<()>>>,
}

/// One record as it came, in pieces.
pub(crate) struct Line(Vec<(String, String)>);

/// A connection through the stand-in that stays open.
pub(crate) struct Talk(BufReader<TcpStream>);

impl Scene {
    /// Ana and Ben before an app that answers each line with the address that it came from.
    pub(crate) async fn begin(adjust: impl FnOnce(&mut Settings)) -> Self {
        let app = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let upstream = app.local_addr().expect("bound");
        let connections = Arc::new(AtomicUsize::new(0));
        spawn("app", serve(app, Arc::clone(&connections)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let receiver = listener.local_addr().expect("bound");
        let (into_lines, lines) = mpsc::channel(1_000);
        let receiving = spawn("receiver", receive(listener, into_lines.clone()));
        let mut settings = Settings::new(upstream, receiver);
        for name in ["ana@example.com", "ben@example.com"] {
            settings.users.push(User::new(name, "127.0.0.1:0".parse().expect("an address")));
        }
        settings.active_every = Duration::from_secs(60);
        adjust(&mut settings);
        let shutdown = Shutdown::new();
        let stand_in = StandIn::bind(settings, Clock::system()).await.expect("port 0 is free");
        let users = stand_in.addresses();
        let running = spawn("stand_in", stand_in.run(shutdown.clone()));
        Self {
            upstream,
            connections,
            users,
            receiver,
            lines: Mutex::new(lines),
            into_lines,
            receiving: Mutex::new(Some(receiving)),
            shutdown,
            stand_in: Mutex::new(Some(running)),
        }
    }

    pub(crate) fn upstream(&self) -> SocketAddr {
        self.upstream
    }

    /// Connections that the app has seen.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) async fn talk(&self, user: &str) -> Talk {
        let (_, address) = self.users.iter().find(|(name, _)| &**name == user).expect("a user");
        Talk(BufReader::new(TcpStream::connect(address).await.expect("the stand-in listens")))
    }

    /// One line there and back over a connection of its own; `None` when it is closed without an answer.
    pub(crate) async fn request(&self, user: &str, line: &[u8]) -> Option<String> {
        let mut talk = self.talk(user).await;
        // A refused connection may be gone before the request is written: that is no answer either.
        talk.0.get_mut().write_all(line).await.ok()?;
        talk.answer().await
    }

    pub(crate) async fn next_line(&self) -> Line {
        let line =
            within(async { self.lines.lock().await.recv().await }).await.expect("the scene holds a sender");
        Line::split(&line)
    }

    /// The receiver closes its connection and its port, and is gone.
    pub(crate) async fn receiver_leaves(&self) {
        let receiving = self.receiving.lock().await.take().expect("it is there");
        receiving.abort();
        assert!(receiving.await.is_err_and(|error| error.is_cancelled()));
    }

    pub(crate) async fn receiver_returns(&self) {
        let listener = TcpListener::bind(self.receiver).await.expect("its port is free again");
        *self.receiving.lock().await = Some(spawn("receiver", receive(listener, self.into_lines.clone())));
    }

    /// Tells the stand-in to stop and waits until it has.
    pub(crate) async fn stop(&self) {
        self.shutdown.begin();
        let running = self.stand_in.lock().await.take().expect("it runs");
        within(running).await.expect("it ends in order");
    }
}

impl Talk {
    /// Says a line and waits for the answer.
    pub(crate) async fn say(&mut self, line: &[u8]) {
        self.0.get_mut().write_all(line).await.expect("the connection is open");
        self.answer().await.expect("an answer");
    }

    async fn answer(&mut self) -> Option<String> {
        let mut answer = String::new();
        let read = within(self.0.read_line(&mut answer)).await.ok()?;
        (read > 0).then_some(answer)
    }
}

impl Line {
    /// Takes `{"KEY": value,"KEY": value}` apart, and accepts nothing but exactly this.
    fn split(line: &str) -> Self {
        let mut rest =
            line.strip_prefix('{').and_then(|line| line.strip_suffix('}')).expect("braces around it");
        let mut pairs = Vec::new();
        while !rest.is_empty() {
            let (key, after) =
                rest.strip_prefix('"').and_then(|rest| rest.split_once("\": ")).expect("a key and a blank");
            let end = match after.strip_prefix('"') {
                Some(text) => text.find('"').expect("a closing quote") + 2,
                None => after.find(',').unwrap_or(after.len()),
            };
            let (value, after) = after.split_at(end);
            pairs.push((key.to_owned(), value.to_owned()));
            rest = if after.is_empty() {
                after
            } else {
                after.strip_prefix(',').expect("a comma without a blank")
            };
        }
        Self(pairs)
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub(crate) fn raw(&self, key: &str) -> &str {
        let pair = self.0.iter().find(|(name, _)| name == key);
        &pair.unwrap_or_else(|| panic!("there is no `{key}`")).1
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.raw(key).trim_matches('"')
    }

    pub(crate) fn number(&self, key: &str) -> u64 {
        self.raw(key).parse().unwrap_or_else(|_| panic!("`{key}` is no number: {}", self.raw(key)))
    }

    /// An ISO stamp as milliseconds of its day.
    pub(crate) fn millis(&self, key: &str) -> i64 {
        let text = self.text(key);
        let part = |from: usize, to: usize| text[from..to].parse::<i64>().expect("digits");
        ((part(11, 13) * 60 + part(14, 16)) * 60 + part(17, 19)) * 1_000 + part(20, 23)
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it does not come")
}

async fn serve(app: TcpListener, connections: Arc<AtomicUsize>) {
    while let Ok((stream, peer)) = app.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        spawn("app.connection", async move {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                line.clear();
                if stream.get_mut().write_all(format!("{peer}\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        });
    }
}

/// One connection at a time, in this very task: when it is aborted, the connection goes with it.
async fn receive(listener: TcpListener, lines: mpsc::Sender<String>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut received = Vec::new();
        while stream.read_buf(&mut received).await.is_ok_and(|read| read > 0) {
            while let Some(end) = received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = received.drain(..=end).take(end).collect();
                if lines.send(String::from_utf8(line).expect("UTF-8")).await.is_err() {
                    return;
                }
            }
        }
    }
}
