//! Programs that must be on the machine, and how to get them.

/// One that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) why: &'static str,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A package of Debian.
    Debian(&'static str),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
}

/// What to do about what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Install these packages of Debian.
    Install(Vec<&'static str>),
    /// Tell the line to run.
    Tell(String),
}

struct Tool {
    missing: Missing,
    look: &'static [&'static str],
}

const fn tool(name: &'static str, source: Source, why: &'static str, look: &'static [&'static str]) -> Tool {
    Tool { missing: Missing { name, why, source }, look }
}

/// What Vite asks for.
const NODE_IS_NEW_ENOUGH: &str = "const [major, minor] = process.versions.node.split('.').map(Number); \
     process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)";

/// `look` is the command that tells that a tool is there.
const TOOLS: &[Tool] = &[
    tool(
        "cc",
        Source::Debian("gcc libc6-dev"),
        "compiles the C parts of ring and zstd",
        &["cc", "--version"],
    ),
    tool(
        "curl",
        Source::Debian("curl"),
        "plays the two users of the demo and the tests",
        &["curl", "--version"],
    ),
    tool(
        "node",
        Source::Debian("nodejs"),
        "builds the pane and runs the Express app; Node.js 20.19 or newer",
        &["node", "--eval", NODE_IS_NEW_ENOUGH],
    ),
    tool(
        "npm",
        Source::Debian("npm"),
        "installs what the pane and the Express app need",
        &["npm", "--version"],
    ),
    tool(
        "libpython",
        Source::Debian("libpython3.11"),
        "is what the rotel in PyPI's package is linked with",
        &["sh", "-c", "PATH=$PATH:/sbin ldconfig -p | grep -q libpython3.11.so.1.0"],
    ),
];

/// What the tests need beside that.
const TEST_TOOLS: &[Tool] = &[
    tool(
        "openssl",
        Source::Debian("openssl"),
        "plays the TLS client that asks for what it shall not get",
        &["openssl", "version"],
    ),
    tool("ip", Source::Debian("iproute2"), "makes the network that a test cuts", &["ip", "-Version"]),
    tool(
        "slowhttptest",
        Source::Debian("slowhttptest"),
        "plays the peers that are slow on purpose",
        &["sh", "-c", "command -v slowhttptest"],
    ),
    tool(
        "chromium",
        Source::Debian("chromium"),
        "opens the pane as a person's browser does",
        &["chromium", "--version"],
    ),
    tool("rustfmt", Source::Rustup("rustfmt"), "checks the format", &["rustfmt", "--version"]),
    tool("clippy", Source::Rustup("clippy"), "checks the lints", &["cargo-clippy", "--version"]),
];

const PYTHON: Missing = Missing {
    name: "python3-venv",
    why: "holds the Flask and FastAPI apps, rotel and Envoy; Python 3.9 or newer",
    source: Source::Debian("python3 python3-venv"),
};

/// Pythons to try, the machine's own choice first.
const PYTHONS: [&str; 8] = [
    "python3",
    "/usr/bin/python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
];

/// The first Python that can make a virtual environment.
pub(crate) fn python(can_make_venv: &dyn Fn(&str) -> bool) -> Option<String> {
    PYTHONS.into_iter().find(|python| can_make_venv(python)).map(str::to_owned)
}

/// For whom tools are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The demo and the benchmarks.
    Run,
    /// The tests, which need more.
    Test,
}

/// What is missing, given a look at each tool.
pub(crate) fn missing(need: Need, works: &dyn Fn(&str, &[&str]) -> bool, has_python: bool) -> Vec<Missing> {
    let is_there =
        |tool: &&Tool| tool.look.split_first().is_some_and(|(program, arguments)| works(program, arguments));
    let more = if need == Need::Test { TEST_TOOLS } else { &[] };
    let mut missing: Vec<Missing> =
        TOOLS.iter().chain(more).filter(|tool| !is_there(tool)).map(|tool| tool.missing.clone()).collect();
    if !has_python {
        missing.push(PYTHON);
    }
    missing
}

/// Installing is for root on Debian, and for what Debian has; all others are told the line.
pub(crate) fn way(missing: &[Missing], is_root: bool, is_debian: bool) -> Way {
    let mut debian = Vec::new();
    let mut rustup = Vec::new();
    for tool in missing {
        match tool.source {
            Source::Debian(packages) => debian.extend(packages.split_whitespace()),
            Source::Rustup(component) => rustup.push(component),
        }
    }
    if is_root && is_debian && rustup.is_empty() {
        return Way::Install(debian);
    }
    let mut lines = Vec::new();
    if !rustup.is_empty() {
        lines.push(format!("rustup component add {}", rustup.join(" ")));
    }
    match (debian.is_empty(), is_debian) {
        (true, _) => {}
        (false, true) => {
            let sudo = if is_root { "" } else { "sudo " };
            lines.push(format!("{sudo}apt-get install --yes --no-install-recommends {}", debian.join(" ")));
        }
        (false, false) => {
            lines.push(format!("your system's packages for what Debian calls {}", debian.join(" ")))
        }
    }
    Way::Tell(lines.join(" && "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(absent: &[&str], has_python: bool) -> Vec<Missing> {
        missing(Need::Test, &|program, _| !absent.contains(&program), has_python)
    }

    #[test]
    fn what_is_missing_is_named_with_its_reason() {
        assert!(without(&[], true).is_empty());
        let names: Vec<_> = without(&["npm", "curl"], false).iter().map(|tool| tool.name).collect();
        assert_eq!(names, ["curl", "npm", "python3-venv"]);
    }

    /// Whoever only wants to look does not install a browser.
    #[test]
    fn the_demo_needs_less_than_the_tests() {
        assert!(missing(Need::Run, &|program, _| program != "chromium", true).is_empty());
        assert_eq!(without(&["chromium"], true).len(), 1);
    }

    #[test]
    fn only_root_on_debian_installs() {
        let missing = without(&["curl"], false);
        assert_eq!(way(&missing, true, true), Way::Install(vec!["curl", "python3", "python3-venv"]));
        assert_eq!(
            way(&missing, false, true),
            Way::Tell(
                "sudo apt-get install --yes --no-install-recommends curl python3 python3-venv".to_owned()
            )
        );
        assert_eq!(
            way(&missing, true, false),
            Way::Tell("your system's packages for what Debian calls curl python3 python3-venv".to_owned())
        );
    }

    #[test]
    fn the_toolchain_is_the_users_to_change() {
        let missing = without(&["cargo-clippy"], true);
        assert_eq!(way(&missing, true, true), Way::Tell("rustup component add clippy".to_owned()));
    }

    #[test]
    fn a_python_without_venv_is_passed_over() {
        assert_eq!(python(&|name| name == "/usr/bin/python3").as_deref(), Some("/usr/bin/python3"));
        assert_eq!(python(&|_| false), None);
    }
}
