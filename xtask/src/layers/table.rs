//! The layers table, in the order of the flow. A new line needs an ADR.

/// One crate of ours and what it may be built on.
pub(crate) struct Layer {
    /// The package's name.
    pub(crate) name: &'static str,
    /// The crates of ours that it may use; `None` is all of them.
    pub(crate) may_use: Option<&'static [&'static str]>,
}

/// A foreign crate that only some of ours may name.
pub(crate) struct Fence {
    /// The foreign crates; `*` at the end stands for any ending.
    pub(crate) crates: &'static [&'static str],
    /// Who may name them.
    pub(crate) holders: &'static [&'static str],
    /// True when anybody's tests may name them too.
    pub(crate) in_tests: bool,
    /// Why there is a fence.
    pub(crate) why: &'static str,
}

const fn layer(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { name, may_use: Some(may_use) }
}

/// Which crate of ours may use which. `runtime`, `log` and `identity` use `model` by docs/adr/0006.
pub(crate) const LAYERS: &[Layer] = &[
    layer("fanlight-model", &[]),
    layer("fanlight-runtime", &["fanlight-model"]),
    layer("fanlight-log", &["fanlight-model", "fanlight-runtime"]),
    layer("fanlight-otlp", &["fanlight-model"]),
    layer("fanlight-identity", &["fanlight-model"]),
    layer("fanlight-listen", &["fanlight-model", "fanlight-runtime"]),
    layer(
        "fanlight-intake",
        &[
            "fanlight-model",
            "fanlight-runtime",
            "fanlight-log",
            "fanlight-otlp",
            "fanlight-identity",
            "fanlight-listen",
        ],
    ),
    layer("fanlight-correlate", &["fanlight-model"]),
    layer("fanlight-diagnose", &["fanlight-model"]),
    layer("fanlight-store", &["fanlight-model", "fanlight-runtime", "fanlight-log", "fanlight-otlp"]),
    layer("fanlight-export", &["fanlight-model", "fanlight-runtime", "fanlight-log", "fanlight-otlp"]),
    layer("fanlight-policy", &["fanlight-model"]),
    layer("fanlight-audit", &["fanlight-model", "fanlight-log"]),
    layer(
        "fanlight-gate",
        &[
            "fanlight-model",
            "fanlight-runtime",
            "fanlight-log",
            "fanlight-identity",
            "fanlight-listen",
            "fanlight-policy",
            "fanlight-audit",
        ],
    ),
    layer("fanlight-simulate", &["fanlight-model", "fanlight-runtime", "fanlight-otlp"]),
    layer(
        "fanlight-api",
        &[
            "fanlight-model",
            "fanlight-runtime",
            "fanlight-identity",
            "fanlight-listen",
            "fanlight-policy",
            "fanlight-audit",
            "fanlight-diagnose",
            "fanlight-store",
        ],
    ),
    Layer { name: "fanlight", may_use: None },
    // The peers meet the program from outside, as a user does, and share with it no more than words and how a task is started.
    layer("fanlight-e2e", &["fanlight-model", "fanlight-runtime"]),
    // The chores run before anything is built.
    layer("xtask", &[]),
];

/// Who invents the truth shares no code with who is scored against it, not even in tests.
pub(crate) const STRANGERS: &[(&str, &[&str])] =
    &[("fanlight-simulate", &["fanlight-correlate", "fanlight-diagnose"])];

/// Foreign crates behind a fence.
pub(crate) const FENCES: &[Fence] = &[
    Fence {
        crates: &["arrow*", "parquet*", "datafusion*"],
        holders: &["fanlight-store"],
        in_tests: false,
        why: "the slowest build is paid by one crate",
    },
    Fence {
        crates: &["prost*", "tonic*", "opentelemetry-proto"],
        holders: &["fanlight-intake", "fanlight-export", "fanlight-e2e"],
        in_tests: true,
        why: "a span is never a tree of structs on the hot path",
    },
    Fence {
        crates: &["rustls*", "tokio-rustls", "hyper-rustls", "rcgen"],
        holders: &["fanlight-listen", "fanlight-export", "fanlight-e2e"],
        in_tests: true,
        why: "one crate serves TLS, one asks for it",
    },
    Fence {
        crates: &["crc32c"],
        holders: &["fanlight-log"],
        in_tests: false,
        why: "one crate knows how a frame is checked",
    },
    Fence {
        crates: &["hmac"],
        holders: &["fanlight-identity"],
        in_tests: false,
        why: "one crate makes pseudonyms",
    },
    Fence {
        crates: &["ring", "jsonwebtoken"],
        holders: &["fanlight-identity"],
        in_tests: true,
        why: "one crate verifies tokens",
    },
    Fence {
        crates: &["sha2"],
        holders: &[
            "fanlight-model",
            "fanlight-identity",
            "fanlight-store",
            "fanlight-audit",
            "fanlight-simulate",
            "fanlight-e2e",
        ],
        in_tests: true,
        why: "ids, pseudonyms, commits, the audit chain and a company's files are hashed, nothing else",
    },
    Fence {
        crates: &["ed25519*", "p256"],
        holders: &["fanlight-audit"],
        in_tests: false,
        why: "one crate signs",
    },
    Fence {
        crates: &["cedar-policy*"],
        holders: &["fanlight-policy"],
        in_tests: false,
        why: "one crate knows the policy language",
    },
    Fence {
        crates: &["clap*"],
        holders: &["fanlight"],
        in_tests: false,
        why: "the command line belongs to the binary",
    },
    Fence {
        crates: &["toml*"],
        holders: &["fanlight", "xtask"],
        in_tests: true,
        why: "configuration is read in one place",
    },
    Fence {
        crates: &["anyhow"],
        holders: &["fanlight", "xtask", "fanlight-e2e"],
        in_tests: true,
        why: "a module whose caller can act has an error enum",
    },
];
