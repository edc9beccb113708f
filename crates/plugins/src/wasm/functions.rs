use wasmtime::{
    Store,
    component::{
        Component, ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc,
    },
};

use super::{
    call_state::CallState,
    types::{
        GuestDecision, GuestEvent, GuestHandleError, GuestOutcome, GuestQuestion, HookCallV01,
        HookCallV02,
    },
};
use crate::{
    Interface,
    runtime::{Exports, LifecycleStep},
};

pub(super) type StepResult = (Result<(), String>,);
pub(super) type HookResult = (Result<GuestOutcome, String>,);
pub(super) type EventResult = (Result<(), GuestHandleError>,);

/// The indexes of the functions of a component.
pub(super) struct Functions {
    initialize: ComponentExportIndex,
    start: ComponentExportIndex,
    stop: ComponentExportIndex,
    cleanup: ComponentExportIndex,
    health_check: ComponentExportIndex,
    pub(super) hook: Option<ComponentExportIndex>,
    pub(super) handle: Option<ComponentExportIndex>,
    pub(super) decide: Option<ComponentExportIndex>,
}

impl Functions {
    /// Finds the functions of a component.
    ///
    /// # Errors
    /// A function of the life cycle is missing.
    pub(super) fn find(component: &Component, api: Interface) -> Result<Self, String> {
        let api = api.as_str();
        let find = |interface: &str, function: &str| {
            let name = format!("seaworthy:plugin/{interface}@{api}");
            let instance = component.get_export_index(None, name.as_str())?;
            component.get_export_index(Some(&instance), function)
        };
        let step = |step: LifecycleStep| {
            let function = step.as_str();
            find("lifecycle", function).ok_or_else(|| {
                format!(
                    "the component does not export `{function}` of seaworthy:plugin/lifecycle@{api}"
                )
            })
        };
        Ok(Self {
            initialize: step(LifecycleStep::Initialize)?,
            start: step(LifecycleStep::Start)?,
            stop: step(LifecycleStep::Stop)?,
            cleanup: step(LifecycleStep::Cleanup)?,
            health_check: step(LifecycleStep::HealthCheck)?,
            hook: find("hooks", "run"),
            handle: find("events", "handle"),
            decide: find("policy", "decide"),
        })
    }

    pub(super) fn exports(&self) -> Exports {
        Exports {
            hooks: self.hook.is_some(),
            events: self.handle.is_some(),
            policy: self.decide.is_some(),
        }
    }

    pub(super) fn step(&self, step: LifecycleStep) -> &ComponentExportIndex {
        match step {
            LifecycleStep::Initialize => &self.initialize,
            LifecycleStep::Start => &self.start,
            LifecycleStep::Stop => &self.stop,
            LifecycleStep::Cleanup => &self.cleanup,
            LifecycleStep::HealthCheck => &self.health_check,
        }
    }

    /// Checks the types of the functions.
    ///
    /// # Errors
    /// The type of a function differs from the interface.
    pub(super) fn check(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        api: Interface,
    ) -> wasmtime::Result<()> {
        typed::<(&str,), StepResult>(store, instance, &self.initialize)?;
        for step in [&self.start, &self.stop, &self.cleanup, &self.health_check] {
            typed::<(), StepResult>(store, instance, step)?;
        }
        if let Some(hook) = &self.hook {
            match api {
                Interface::V0_1 => {
                    typed::<(HookCallV01,), HookResult>(store, instance, hook)?;
                }
                Interface::V0_2 | Interface::V0_3 => {
                    typed::<(HookCallV02,), HookResult>(store, instance, hook)?;
                }
            }
        }
        if let Some(handle) = &self.handle {
            typed::<(&str, GuestEvent), EventResult>(store, instance, handle)?;
        }
        if let Some(decide) = &self.decide {
            typed::<(GuestQuestion,), (GuestDecision,)>(store, instance, decide)?;
        }
        Ok(())
    }
}

/// Returns a function of an instance with its types.
///
/// # Errors
/// The function has other types.
pub(super) fn typed<P, R>(
    store: &mut Store<CallState>,
    instance: &Instance,
    function: &ComponentExportIndex,
) -> wasmtime::Result<TypedFunc<P, R>>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    instance.get_typed_func(store, function)
}
