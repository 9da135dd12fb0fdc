//! Takes what `npm --prefix pane run build` made into the program: a table of paths, hashes and bytes. It never runs npm; where
//! nothing was made, one page stands in its place and says the command.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

const MADE: &str = "../../pane/dist";
const SOURCE: &str = "../../pane";
const COMMAND: &str = "npm --prefix pane ci && npm --prefix pane run build";
/// All files together; a pane beyond this carries something that it should not.
const MAX_BYTES: usize = 16 << 20;
const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Fanlight: the pane is not built in</title>
<h1>The pane is not built in</h1>
<p>This Fanlight was built before its pane. In its source folder, run</p>
<pre>COMMAND</pre>
<p>and then build again. Everything else works: <code>fanlight trace</code>, <code>fanlight query</code>, and the HTTP API, which
<a href=\"/api/openapi.json\">describes itself</a>.</p>
</html>
";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let made = root.join(MADE);
    println!("cargo:rerun-if-changed=build.rs");
    // A folder that is not there counts as changed at every build: then its parent is watched, in which it will appear.
    match (made.is_dir(), root.join(SOURCE).is_dir()) {
        (true, _) => println!("cargo:rerun-if-changed={MADE}"),
        (false, true) => println!("cargo:rerun-if-changed={SOURCE}"),
        (false, false) => {}
    }
    let mut files = Vec::new();
    if made.join("index.html").is_file() {
        collect(&made, &made, &mut files)?;
        files.sort();
    } else {
        println!("cargo:warning=the pane is not built in: run `{COMMAND}`, then build again");
        let page = PLACEHOLDER.replace("COMMAND", &COMMAND.replace('&', "&amp;"));
        files.push(("/index.html".to_owned(), page.into_bytes()));
    }
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    if bytes > MAX_BYTES {
        return Err(format!("`pane/dist` has {bytes} bytes; {MAX_BYTES} are the most").into());
    }
    let folder = out.join("pane");
    fs::create_dir_all(&folder)?;
    let mut table = "static FILES: &[File] = &[\n".to_owned();
    for (number, (path, bytes)) in files.iter().enumerate() {
        table.push_str(&entry(&folder, number, path, bytes)?);
    }
    table.push_str("];\n");
    fs::write(out.join("pane.rs"), table)?;
    Ok(())
}

/// Paths from `/` and bytes of everything below `folder`. Maps of the source stay out: they are for whoever builds.
fn collect(base: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), Box<dyn Error>> {
    for found in fs::read_dir(folder)? {
        let path = found?.path();
        if path.is_dir() {
            collect(base, &path, files)?;
            continue;
        }
        let relative = path.strip_prefix(base)?.to_str().ok_or("a name in `pane/dist` is not UTF-8")?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if matches!(ending, "map" | "gz" | "br") {
            continue;
        }
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
        if !relative.chars().all(is_plain) || content_type(ending).is_none() {
            println!(
                "cargo:warning=`pane/dist/{relative}` is left out: its name or kind is not one that is served"
            );
            continue;
        }
        files.push((format!("/{relative}"), fs::read(&path)?));
    }
    Ok(())
}

fn entry(folder: &Path, number: usize, path: &str, bytes: &[u8]) -> Result<String, Box<dyn Error>> {
    let ending = path.rsplit('.').next().unwrap_or_default();
    let (kind, is_text) = content_type(ending).ok_or("a file of an unknown kind")?;
    let tag: String = fanlight_model::hash_parts(&[bytes]).iter().map(|byte| format!("{byte:02x}")).collect();
    let plain = folder.join(format!("{number}.plain"));
    fs::write(&plain, bytes)?;
    let mut gzip = "None".to_owned();
    if is_text {
        let zipped = folder.join(format!("{number}.gzip"));
        let compressed = compressed(bytes)?;
        // Less than a tenth is not worth what decoding costs.
        if compressed.len() < bytes.len() - bytes.len() / 10 {
            fs::write(&zipped, compressed)?;
            gzip = format!("Some(include_bytes!({zipped:?}))");
        }
    }
    let mut text = String::new();
    writeln!(
        text,
        "    File {{ path: {path:?}, content_type: {kind:?}, tag: {tag:?}, bytes: include_bytes!({plain:?}), gzip: {gzip} }},"
    )?;
    Ok(text)
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// What a file is, by its ending, and whether compressing it pays.
fn content_type(ending: &str) -> Option<(&'static str, bool)> {
    Some(match ending {
        "html" => ("text/html; charset=utf-8", true),
        "js" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "json" => ("application/json", true),
        "webmanifest" => ("application/manifest+json", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "png" => ("image/png", false),
        "ico" => ("image/x-icon", false),
        "woff2" => ("font/woff2", false),
        _ => return None,
    })
}
