//! Values that go up and down: what is open, what expires when, whether the last try went well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a value is, as `/metrics` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gauge {
    /// Its name, `fanlight_…`, with its unit last.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// The one label's name; empty where there is none.
    pub label: &'static str,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct GaugeRow {
    /// What it is.
    pub gauge: Gauge,
    /// The label's value: a fixed word or a configured name, never a sender's text.
    pub of: Arc<str>,
    /// The value.
    pub value: f64,
}

/// All values; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    values: Arc<Mutex<BTreeMap<(Gauge, Arc<str>), f64>>>,
}

/// Labels are configured names, of which nobody has so many; past it a new one is left out.
const MAX_ROWS: usize = 1_000;

impl Gauges {
    /// Sets a value.
    pub fn set(&self, gauge: Gauge, of: &str, value: f64) {
        self.change(gauge, of, |held| *held = value);
    }

    /// Adds to a value, which begins at 0.
    pub fn add(&self, gauge: Gauge, of: &str, by: f64) {
        self.change(gauge, of, |held| *held += by);
    }

    /// Forgets a value: it is no longer about anything.
    pub fn clear(&self, gauge: Gauge, of: &str) {
        self.values().remove(&(gauge, Arc::from(of)));
    }

    /// One value.
    pub fn get(&self, gauge: Gauge, of: &str) -> Option<f64> {
        self.values().get(&(gauge, Arc::from(of))).copied()
    }

    /// All values, those of one gauge together.
    pub fn rows(&self) -> Vec<GaugeRow> {
        self.values()
            .iter()
            .map(|((gauge, of), value)| GaugeRow { gauge: *gauge, of: Arc::clone(of), value: *value })
            .collect()
    }

    fn change(&self, gauge: Gauge, of: &str, change: impl FnOnce(&mut f64)) {
        let mut values = self.values();
        let key = (gauge, Arc::from(of));
        if values.len() < MAX_ROWS || values.contains_key(&key) {
            change(values.entry(key).or_insert(0.0));
        }
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<(Gauge, Arc<str>), f64>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Gauge = Gauge { name: "fanlight_open", help: "What is open.", label: "listener" };

    #[test]
    fn values_are_set_added_to_and_forgotten() {
        let gauges = Gauges::default();
        gauges.clone().add(OPEN, "a", 2.0);
        gauges.add(OPEN, "a", -1.0);
        gauges.set(OPEN, "b", 7.0);
        assert_eq!((gauges.get(OPEN, "a"), gauges.get(OPEN, "b")), (Some(1.0), Some(7.0)));
        gauges.clear(OPEN, "b");
        let rows = gauges.rows();
        assert_eq!(rows, [GaugeRow { gauge: OPEN, of: "a".into(), value: 1.0 }]);
    }

    /// Labels that never repeat do not fill the memory, and what is known goes on being kept.
    #[test]
    fn the_gauges_are_bounded() {
        let gauges = Gauges::default();
        for of in 0..MAX_ROWS + 50 {
            gauges.set(OPEN, &of.to_string(), 1.0);
        }
        gauges.set(OPEN, "0", 2.0);
        assert_eq!((gauges.rows().len(), gauges.get(OPEN, "0")), (MAX_ROWS, Some(2.0)));
    }
}
