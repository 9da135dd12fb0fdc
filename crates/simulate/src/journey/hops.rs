//! The connections that proxies keep to what is behind them.

use std::collections::BTreeMap;

use fanlight_model::Timestamp;

use crate::random::Random;

/// For each proxy and each pod behind it, the ports that are open and until when each is busy: two requests at once never share one.
#[derive(Debug, Default)]
pub(crate) struct Hops {
    pools: BTreeMap<(usize, usize), Vec<Hop>>,
}

#[derive(Debug)]
struct Hop {
    port: u16,
    busy_until: Timestamp,
}

impl Hops {
    /// A port that is free at `now`: the proxy's own one towards the pod.
    pub(crate) fn take(&mut self, pair: (usize, usize), now: Timestamp, random: &mut Random) -> u16 {
        let pool = self.pools.entry(pair).or_default();
        if let Some(hop) = pool.iter_mut().find(|hop| hop.busy_until <= now) {
            hop.busy_until = Timestamp::MAX;
            return hop.port;
        }
        let mut port = 32_768 + random.below(28_000) as u16;
        while pool.iter().any(|hop| hop.port == port) {
            port = if port == 60_999 { 32_768 } else { port + 1 };
        }
        pool.push(Hop { port, busy_until: Timestamp::MAX });
        port
    }

    /// The request on that port ends.
    pub(crate) fn release(&mut self, pair: (usize, usize), port: u16, until: Timestamp) {
        if let Some(hop) =
            self.pools.get_mut(&pair).and_then(|pool| pool.iter_mut().find(|hop| hop.port == port))
        {
            hop.busy_until = until;
        }
    }
}
