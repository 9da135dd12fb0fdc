//! What a process is doing, from the system calls in which its threads are.

/// In a word: the most telling of what its threads do.
pub(crate) fn of(process: u32) -> &'static str {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return "gone" };
    let calls: Vec<String> = threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("syscall")).ok())
        .filter_map(|call| Some(call.split_whitespace().next()?.to_owned()))
        .collect();
    let is_in = |numbers: &[&str]| calls.iter().any(|call| numbers.contains(&call.as_str()));
    // The numbers of x86-64; elsewhere the words below are not found and it is "at work" or "waiting".
    if is_in(&["74", "75"]) {
        "syncing a file"
    } else if is_in(&["82", "264", "316"]) {
        "renaming a file"
    } else if is_in(&["1", "18", "20", "296"]) {
        "writing"
    } else if is_in(&["running"]) {
        "at work"
    } else {
        "waiting"
    }
}
