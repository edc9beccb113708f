//! The process and its runtime as metrics, under the names that Prometheus' own client libraries use.

use std::{fs, time::SystemTime};

use seaworthy_core::ServiceIdentity;
use tokio::runtime::Handle;

use super::{registry::Metrics, render::unix_seconds};

/// `USER_HZ`, the unit of times in `/proc`: 100 on every Linux that Rust's tier 1 targets run on.
const TICKS_PER_SECOND: f64 = 100.0;

impl Metrics {
    /// Registers `build_info` and what the system knows of this process. Where there is no `/proc`, only what can be known is registered.
    pub fn register_process(&self, identity: &ServiceIdentity) {
        let labels = [
            ("service", identity.name()),
            ("version", identity.version()),
            ("instance", identity.instance()),
        ];
        self.info("build_info", "The running build.", &labels);
        let started = unix_seconds(SystemTime::now());
        self.computed_gauge(
            "process_start_time_seconds",
            "When the process started, in seconds since the epoch.",
            &[],
            move || started,
        );
        if fs::metadata("/proc/self/stat").is_err() {
            return;
        }
        self.computed_counter(
            "process_cpu_seconds_total",
            "Processor time used, in user and system mode.",
            &[],
            cpu_seconds,
        );
        self.computed_gauge(
            "process_resident_memory_bytes",
            "Memory in RAM.",
            &[],
            || status_bytes("VmRSS:"),
        );
        self.computed_gauge(
            "process_virtual_memory_bytes",
            "Memory in address space.",
            &[],
            || status_bytes("VmSize:"),
        );
        self.computed_gauge("process_open_fds", "Open file descriptors.", &[], || {
            fs::read_dir("/proc/self/fd").map_or(f64::NAN, |entries| count(entries.count()))
        });
        self.computed_gauge(
            "process_max_fds",
            "How many file descriptors may be open.",
            &[],
            most_descriptors,
        );
        self.computed_gauge("process_threads", "Threads of the process.", &[], || {
            status_field("Threads:")
        });
    }

    /// Registers what the Tokio runtime knows of itself.
    pub fn register_runtime(&self, runtime: &Handle) {
        let of = |read: fn(&tokio::runtime::RuntimeMetrics) -> f64| {
            let metrics = runtime.metrics();
            move || read(&metrics)
        };
        self.computed_gauge(
            "runtime_workers",
            "Worker threads of the runtime.",
            &[],
            of(|runtime| count(runtime.num_workers())),
        );
        self.computed_gauge(
            "runtime_tasks",
            "Tasks that are alive.",
            &[],
            of(|runtime| count(runtime.num_alive_tasks())),
        );
        self.computed_gauge(
            "runtime_queue_depth",
            "Tasks that wait in the common queue.",
            &[],
            of(|runtime| count(runtime.global_queue_depth())),
        );
        self.computed_counter(
            "runtime_busy_seconds_total",
            "Time that workers spent on tasks, summed; its rate divided by runtime_workers is the busy ratio.",
            &[],
            of(|runtime| (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker).as_secs_f64()).sum()),
        );
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// Fields 14 and 15 of `/proc/self/stat`, counted behind the command, which may hold spaces and parentheses.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit_once(')')
        .map(|(_, fields)| fields)
        .unwrap_or_default();
    let ticks: f64 = fields
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}

fn status_field(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_default();
    line.split_ascii_whitespace()
        .next()
        .and_then(|value| value.parse().ok())
        .unwrap_or(f64::NAN)
}

fn status_bytes(name: &str) -> f64 {
    status_field(name) * 1_024.0
}

fn most_descriptors() -> f64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .unwrap_or_default();
    line.split_ascii_whitespace()
        .next()
        .and_then(|value| value.parse().ok())
        .unwrap_or(f64::INFINITY)
}
