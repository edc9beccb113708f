//! A proxy that disturbs the connection to a real server.

use seaworthy_messaging::conformance::Disturbance;
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};

/// Disturbs the traffic of a proxy. Dropping it ends the proxy.
pub(crate) fn by_proxy(proxy: FaultProxy) -> Box<dyn Fn(Disturbance) + Send + Sync> {
    Box::new(move |disturbance| {
        proxy.set(match disturbance {
            Disturbance::None => Fault::none(),
            Disturbance::Slow(latency) => Fault {
                latency,
                ..Fault::none()
            },
            Disturbance::AnswersLost => Fault::of(Disruption::HalfOpen),
            Disturbance::Cut => Fault::of(Disruption::Down),
        });
    })
}
