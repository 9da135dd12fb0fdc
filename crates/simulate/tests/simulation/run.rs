//! Companies that several tests look at.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fanlight_simulate::{Company, Piece, Scenario, Settings, StreamKind, TruthFile, ZiaDialect, ZpaDialect};
use serde_json::Value;

/// A company from its beginning to its end.
pub(crate) struct Run {
    pub(crate) settings: Settings,
    /// Pieces by the name of their stream, in the order of arrival.
    pub(crate) pieces: BTreeMap<String, Vec<Piece>>,
    pub(crate) kinds: BTreeMap<String, StreamKind>,
    pub(crate) truth: BTreeMap<&'static str, Vec<Value>>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

/// A minute of a small company on a slow day.
pub(crate) fn small() -> Settings {
    Settings { seed: 11, minutes: 1, visits_per_hour: 1.0, ..Settings::default() }
}

pub(crate) fn run(settings: Settings) -> Run {
    let mut company = Company::new(settings.clone());
    let streams = company.streams().to_vec();
    let mut pieces: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    for piece in company.by_ref() {
        pieces.entry(streams[piece.stream.index()].name.clone()).or_default().push(piece);
    }
    let truth = TruthFile::ALL
        .into_iter()
        .map(|file| {
            let text = company.take_truth(file);
            (file.name(), text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
        })
        .collect();
    let kinds = streams.into_iter().map(|stream| (stream.name, stream.kind)).collect();
    Run { settings, pieces, kinds, truth, counts: company.counts().clone() }
}

impl Run {
    /// All lines of a feed as one text.
    pub(crate) fn text(&self, stream: &str) -> Vec<u8> {
        self.pieces.get(stream).into_iter().flatten().flat_map(|piece| piece.bytes.clone()).collect()
    }

    pub(crate) fn truth(&self, file: TruthFile) -> &[Value] {
        &self.truth[file.name()]
    }
}

/// Each pair of dialects once, something happening in it.
pub(crate) static SAMPLE: LazyLock<Run> =
    LazyLock::new(|| run(Settings { scenario: Scenario::Mix, visits_per_hour: 2.0, ..small() }));
pub(crate) static DEFAULT: LazyLock<Run> = LazyLock::new(|| {
    run(Settings {
        zpa: ZpaDialect::VendorDefault,
        zia: ZiaDialect::Friendly,
        pad_days: false,
        policy_inside_ca: true,
        ..small()
    })
});
pub(crate) static RECOMMENDED: LazyLock<Run> = LazyLock::new(|| {
    run(Settings {
        zpa: ZpaDialect::Recommended,
        zia: ZiaDialect::Recommended,
        two_receivers: true,
        ..small()
    })
});
