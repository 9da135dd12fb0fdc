//! The only spawn.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::task::JoinHandle;

/// Starts a named task. A panic in it is reported under that name; the process lives.
#[expect(clippy::disallowed_methods, reason = "the one place that starts a task")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(Reported { name, future: Box::pin(future) })
}

/// Runs blocking work on the runtime's pool of threads for such work; a panic is reported under `name`.
#[expect(clippy::disallowed_methods, reason = "the one place that starts blocking work")]
pub fn spawn_blocking<T, F>(name: &'static str, work: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(move || report_panic(name, AssertUnwindSafe(work)))
}

/// Starts a thread of its own, for a stage that blocks for as long as it lives.
///
/// # Errors
/// Where the system gives no thread.
pub fn spawn_thread<T, F>(name: &'static str, work: F) -> std::io::Result<std::thread::JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || report_panic(name, AssertUnwindSafe(work)))
}

fn report_panic<T>(name: &'static str, work: AssertUnwindSafe<impl FnOnce() -> T>) -> T {
    match catch_unwind(work) {
        Ok(value) => value,
        Err(panic) => {
            tracing::error!(name: "runtime.task.panicked", task = name, "a task panicked");
            std::panic::resume_unwind(panic)
        }
    }
}

struct Reported<F> {
    name: &'static str,
    future: std::pin::Pin<Box<F>>,
}

impl<F: Future> Future for Reported<F> {
    type Output = F::Output;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<F::Output> {
        let name = self.name;
        let future = self.future.as_mut();
        report_panic(name, AssertUnwindSafe(move || future.poll(context)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_task_only() {
        let broken = spawn("broken", async { panic!("on purpose") });
        assert!(broken.await.is_err());
        assert_eq!(spawn("whole", async { 7 }).await.ok(), Some(7));
    }
}
