//! The example file, written from the table of keys.

use super::keys::{KEYS, Key, Value, reason};

/// Every key with its default and its reason; what has no default is commented out.
pub(crate) fn example() -> String {
    let mut text = String::from(
        "# Every key of Fanlight's configuration, with its default and its reason.\n# Written by `cargo xtask example`.\n",
    );
    let mut section = "";
    for key in KEYS.iter().filter(|key| !matches!(key.value, Value::Likewise)) {
        let (here, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if here != section {
            open_section(&mut text, here);
            section = here;
        }
        write_key(&mut text, key, name, here.ends_with("[]"));
    }
    text
}

fn open_section(text: &mut String, path: &str) {
    text.push_str(&format!("\n# {}\n", reason(path)));
    match path.strip_suffix("[]") {
        Some(array) => text.push_str(&format!("# [[{array}]]\n")),
        None => text.push_str(&format!("[{path}]\n")),
    }
}

fn write_key(text: &mut String, key: &Key, name: &str, commented: bool) {
    let (value, example) = match key.value {
        Value::Default(value) => (value, commented),
        Value::Example(value) | Value::OpenTable(value) => (value, true),
        Value::Likewise => return,
    };
    let mark = if example { "# " } else { "" };
    if !key.reason.is_empty() {
        text.push_str(&format!("# {}\n", key.reason));
    }
    text.push_str(&format!("{mark}{name} = {value}\n"));
}
