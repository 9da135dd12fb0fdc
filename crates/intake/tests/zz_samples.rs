#![cfg(test)]
use fanlight_identity::PrincipalNamer;
use fanlight_intake::{decode_lines, Decoder, frame_kind};
use fanlight_model::{Feed, Timestamp};
#[test]
fn s() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/zscaler");
    let mut names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for p in names {
        let n = p.file_name().unwrap().to_string_lossy().into_owned();
        if n == "INDEX.md" { continue; }
        for l in decode_lines(Feed::ZpaUserActivity, &std::fs::read(&p).unwrap(), 1<<20, Timestamp::from_seconds(1), &PrincipalNamer::for_tests()) {
            println!("{n} {} {} {:?} {:?}", l.dialect.as_str(), l.level, l.missing, l.notes);
            if n.contains("user_activity") { println!("{:?}", l.event); }
        }
    }
}
#[test]
fn speed() {
    let text = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/default.ndjson")).unwrap();
    let line = text.split(|b| *b == b'\n').next().unwrap();
    let mut one = line.to_vec(); one.push(b'\n');
    let chunk = one.repeat(32);
    let ledger = fanlight_runtime::Ledger::default();
    let mut d = Decoder::new(Default::default(), 1<<20, PrincipalNamer::for_tests(), ledger);
    let clock = fanlight_runtime::Clock::system();
    let n = 2000;
    for _ in 0..n {
        let f = fanlight_log::Frame { kind: frame_kind::LSS_READ, arrival: Timestamp::from_seconds(1), source_id: 1, encoding: 0, bytes: chunk.clone().into() };
        d.apply(&f, None);
    }
    let e = clock.elapsed();
    println!("lines/s {} MB/s {}", (n * 32) as f64 / e.as_secs_f64(), (n * chunk.len()) as f64 / e.as_secs_f64() / 1e6);
    let garbage: Vec<u8> = (0..1_000_000u32).map(|i| { let x = i.wrapping_mul(2654435761) >> 13; if x % 200 == 0 { b'\n' } else { (x % 90 + 33) as u8 } }).collect();
    let clock = fanlight_runtime::Clock::system();
    for _ in 0..50 {
        let f = fanlight_log::Frame { kind: frame_kind::LSS_READ, arrival: Timestamp::from_seconds(1), source_id: 1, encoding: 0, bytes: garbage.clone().into() };
        d.apply(&f, None);
    }
    println!("garbage MB/s {}", 50.0 / clock.elapsed().as_secs_f64());
    let long = vec![b'x'; 1_000_000];
    let clock = fanlight_runtime::Clock::system();
    for _ in 0..50 {
        let f = fanlight_log::Frame { kind: frame_kind::LSS_READ, arrival: Timestamp::from_seconds(1), source_id: 1, encoding: 0, bytes: long.clone().into() };
        d.apply(&f, None);
    }
    println!("no newline MB/s {}", 50.0 / clock.elapsed().as_secs_f64());
}
