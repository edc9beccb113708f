use seaworthy_core::{Switch, SwitchKind, Switches};
use seaworthy_health::Health;
use seaworthy_telemetry::Telemetry;

/// Registers the parts that do not belong to a listener (FLAG-2).
pub(super) fn register(telemetry: &Telemetry, health: &Health) -> Switches {
    let switches = Switches::default();
    let sampling = switches.register("tracing", SwitchKind::Operational);
    telemetry.tracer().set_switch(sampling);
    let _ = metrics_switch(&switches);
    let metrics = telemetry.metrics().clone();
    switches.register_group("metrics", move |off| metrics.hide(off));
    let health = health.clone();
    switches.register_group("health_check", move |off| health.exclude(off));
    switches
}

/// Returns the switch of the metrics on the admin listener. Each group of metrics has a separate
/// name.
pub(crate) fn metrics_switch(switches: &Switches) -> Switch {
    switches.register("metrics", SwitchKind::Operational)
}
