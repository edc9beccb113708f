//! Metrics of the process and of its runtime, with the names of the Prometheus client libraries.

use std::{fs, time::SystemTime};

use seaworthy_core::ServiceIdentity;
use tokio::runtime::Handle;

use super::{registry::Metrics, render::unix_seconds};

/// `USER_HZ`, the unit of times in `/proc`. It is 100 on all Linux targets of tier 1.
const TICKS_PER_SECOND: f64 = 100.0;

impl Metrics {
    /// Registers `build_info` and the metrics of this process. Without `/proc` only the start time
    /// is registered.
    pub fn register_process(&self, identity: &ServiceIdentity) {
        let labels = [
            ("service", identity.name()),
            ("version", identity.version()),
            ("instance", identity.instance()),
        ];
        self.info("build_info", "The version of the running service.", &labels);
        let started = unix_seconds(SystemTime::now());
        self.observable_gauge(
            "process_start_time_seconds",
            "Start time of the process, in seconds since the Unix epoch.",
            &[],
            move || started,
        );
        if fs::metadata("/proc/self/stat").is_err() {
            return;
        }
        self.observable_counter(
            "process_cpu_seconds_total",
            "CPU time in user and system mode.",
            &[],
            cpu_seconds,
        );
        self.observable_gauge(
            "process_resident_memory_bytes",
            "Resident memory.",
            &[],
            || status_bytes("VmRSS:"),
        );
        self.observable_gauge(
            "process_virtual_memory_bytes",
            "Virtual memory.",
            &[],
            || status_bytes("VmSize:"),
        );
        self.observable_gauge("process_open_fds", "Open file descriptors.", &[], || {
            fs::read_dir("/proc/self/fd").map_or(f64::NAN, |entries| count(entries.count()))
        });
        self.observable_gauge(
            "process_max_fds",
            "Maximum number of open file descriptors.",
            &[],
            max_descriptors,
        );
        self.observable_gauge("process_threads", "Threads of the process.", &[], || {
            status_field("Threads:")
        });
    }

    /// Registers the metrics of the Tokio runtime.
    pub fn register_runtime(&self, runtime: &Handle) {
        let value = |read: fn(&tokio::runtime::RuntimeMetrics) -> f64| {
            let metrics = runtime.metrics();
            move || read(&metrics)
        };
        self.observable_gauge(
            "runtime_workers",
            "Worker threads of the runtime.",
            &[],
            value(|runtime| count(runtime.num_workers())),
        );
        self.observable_gauge(
            "runtime_tasks",
            "Tasks that are not finished.",
            &[],
            value(|runtime| count(runtime.num_alive_tasks())),
        );
        self.observable_gauge(
            "runtime_queue_depth",
            "Tasks in the global queue of the runtime.",
            &[],
            value(|runtime| count(runtime.global_queue_depth())),
        );
        self.observable_counter(
            "runtime_busy_seconds_total",
            "Busy time of all worker threads. Its rate divided by runtime_workers is the busy ratio.",
            &[],
            value(|runtime| (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker).as_secs_f64()).sum()),
        );
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// Reads fields 14 and 15 of `/proc/self/stat`. Fields are counted after the command, which may
/// contain spaces and parentheses.
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

fn max_descriptors() -> f64 {
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
