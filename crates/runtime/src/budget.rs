//! Bytes in flight, bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bound on bytes in flight, shared by all who hold a clone. It refuses at once and never waits: whoever is refused tells
/// the sender in the protocol's own words.
#[derive(Clone, Debug)]
pub struct Budget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: u64,
    used: AtomicU64,
}

/// A share of a [`Budget`], given back when dropped.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { shared: Arc::new(Shared { limit, used: AtomicU64::new(0) }) }
    }

    /// Takes `bytes`, or `None` where they do not fit. More than the whole budget fits only into an empty one:
    /// otherwise such a record could never pass.
    pub fn try_acquire(&self, bytes: u64) -> Option<Permit> {
        self.shared.take(bytes).then(|| Permit { shared: Arc::clone(&self.shared), bytes })
    }

    /// True when nothing more fits.
    pub fn is_exhausted(&self) -> bool {
        self.used() >= self.shared.limit
    }

    /// Bytes taken now.
    pub fn used(&self) -> u64 {
        self.shared.used.load(Ordering::Relaxed)
    }

    /// The bound.
    pub fn limit(&self) -> u64 {
        self.shared.limit
    }
}

impl Shared {
    fn take(&self, bytes: u64) -> bool {
        self.used
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |used| {
                let after = used.checked_add(bytes)?;
                (after <= self.limit || used == 0).then_some(after)
            })
            .is_ok()
    }
}

impl Permit {
    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes `more` bytes into this permit; false where they do not fit, and then nothing changes.
    pub fn try_grow(&mut self, more: u64) -> bool {
        let fits = self
            .shared
            .used
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |used| {
                let after = used.checked_add(more)?;
                (after <= self.shared.limit || used == self.bytes).then_some(after)
            })
            .is_ok();
        if fits {
            self.bytes += more;
        }
        fits
    }

    /// Gives back what is held beyond `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.shared.used.fetch_sub(less, Ordering::AcqRel);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_larger_than_the_budget_passes_alone() {
        let budget = Budget::new(10);
        let held = budget.try_acquire(25);
        assert!(held.is_some());
        assert!(budget.is_exhausted());
        assert!(budget.try_acquire(1).is_none());
        drop(held);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_permit_grows_as_far_as_the_budget() {
        let budget = Budget::new(10);
        let mut held = budget.try_acquire(4).expect("fits");
        assert!(held.try_grow(6));
        let other = budget.try_acquire(1);
        assert!(other.is_none());
        assert_eq!(held.bytes(), 10);
        held.shrink_to(12);
        held.shrink_to(3);
        assert_eq!((held.bytes(), budget.used()), (3, 3));
    }
}
