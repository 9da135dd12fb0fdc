//! What TCP itself shall look after: peers that are gone without a word.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

use crate::settings::Limits;

/// Unanswered askings. The user timeout, where the system has it, ends a connection before they are through.
const KEEPALIVE_PROBES: u32 = 3;

/// Switches on keep-alive, and bounds how long what was sent may stand unacknowledged.
pub(crate) fn prepare(stream: &TcpStream, limits: &Limits) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, limits.keepalive_idle)?;
    sockopt::set_tcp_keepintvl(stream, limits.keepalive_interval)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?;
    sockopt::set_tcp_user_timeout(stream, millis(limits.user_timeout))?;
    Ok(())
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Half-open peers are the kernel's to find; this is what it has to be told for that, and within 60 s.
    #[tokio::test]
    async fn a_dead_peer_is_looked_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        prepare(&stream, &Limits::DEFAULT).unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap() && stream.nodelay().unwrap());
        let idle = sockopt::tcp_keepidle(&stream).unwrap();
        let interval = sockopt::tcp_keepintvl(&stream).unwrap();
        let user = Duration::from_millis(sockopt::tcp_user_timeout(&stream).unwrap().into());
        assert_eq!(
            (idle, interval, user),
            (Duration::from_secs(20), Duration::from_secs(10), Duration::from_secs(45))
        );
        assert!(user + interval <= Duration::from_secs(60), "the first asking past the user timeout ends it");
    }
}
