use std::time::Duration;

/// Why a call of a component failed. The component did not respond as the interface requires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("exceeded its timeout of {0:?}")]
    Timeout(Duration),
    #[error("needs more memory than {0} bytes")]
    Memory(usize),
    #[error("made more than {0} calls to the host")]
    HostCalls(u32),
    #[error("exceeded the payload limit of {0} bytes")]
    Payload(usize),
    #[error("exceeded the processor time of {0:?}")]
    ProcessorTime(Duration),
    #[error("exceeded the input limit of {0} bytes per call")]
    Input(usize),
    #[error("exceeded its CPU share")]
    Throttled,
    /// No call ended in time. The text names the calls: those of the plugin or of all plugins.
    #[error("too many calls of {0} run at the same time")]
    Concurrency(&'static str),
    #[error("is disabled after too many faults")]
    Disabled,
    #[error("trapped: {0}")]
    Trap(String),
}

impl Fault {
    /// Whether the component is to blame, so that the fault counts towards its disabling.
    pub(crate) const fn counts(&self) -> bool {
        !matches!(
            self,
            Self::Input(_) | Self::Throttled | Self::Concurrency(_) | Self::Disabled
        )
    }

    /// Whether the same call fails again, so that a retry is of no use.
    pub(crate) const fn is_permanent(&self) -> bool {
        matches!(self, Self::Memory(_) | Self::Input(_) | Self::Trap(_))
    }

    /// Returns the reason in metrics.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Memory(_) => "memory",
            Self::HostCalls(_) => "host_calls",
            Self::Payload(_) => "payload",
            Self::ProcessorTime(_) => "processor_time",
            Self::Input(_) => "input",
            Self::Throttled => "throttled",
            Self::Concurrency(_) => "concurrency",
            Self::Disabled => "disabled",
            Self::Trap(_) => "trap",
        }
    }
}
