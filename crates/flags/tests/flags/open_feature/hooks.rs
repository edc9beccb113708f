//! Hooks, and the levels of the context that they see.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use open_feature::{
    EvaluationContext, EvaluationDetails, EvaluationError, EvaluationOptions, Hook, HookContext,
    HookHints, HookWrapper, Value as Field,
};

use super::api;

/// Records its calls, and can add a field to the context.
#[derive(Clone, Default)]
struct Recorder {
    name: &'static str,
    calls: Arc<Mutex<Vec<String>>>,
    adds: Option<(&'static str, &'static str)>,
}

impl Recorder {
    fn record(&self, stage: &str, details: &str) {
        let call = format!("{}{stage} {details}", self.name);
        self.calls.lock().unwrap().push(call.trim_end().to_owned());
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

fn shown(details: &EvaluationDetails<Field>) -> String {
    let variant = details.variant.as_deref().unwrap_or("null");
    let reason = details.reason.as_ref().map(ToString::to_string);
    format!(
        "{} {variant} {}",
        details.flag_key,
        reason.unwrap_or_default()
    )
}

#[async_trait]
impl Hook for Recorder {
    async fn before<'a>(
        &self,
        hook: &HookContext<'a>,
        _: Option<&'a HookHints>,
    ) -> Result<Option<EvaluationContext>, EvaluationError> {
        self.record("before", "");
        let context = hook.evaluation_context.clone();
        Ok(self
            .adds
            .map(|(name, value)| context.with_custom_field(name, value)))
    }

    async fn after<'a>(
        &self,
        _: &HookContext<'a>,
        details: &EvaluationDetails<Field>,
        _: Option<&'a HookHints>,
    ) -> Result<(), EvaluationError> {
        self.record("after", &shown(details));
        Ok(())
    }

    async fn error<'a>(
        &self,
        _: &HookContext<'a>,
        error: &EvaluationError,
        _: Option<&'a HookHints>,
    ) {
        self.record("error", &error.code.to_string());
    }

    async fn finally<'a>(
        &self,
        hook: &HookContext<'a>,
        details: &EvaluationDetails<Field>,
        _: Option<&'a HookHints>,
    ) {
        let mut fields: Vec<_> = hook.evaluation_context.custom_fields.iter().collect();
        fields.sort_by_key(|(name, _)| name.as_str());
        let fields = fields
            .into_iter()
            .map(|(name, value)| format!(" {name}={}", value.as_str().unwrap_or_default()));
        self.record(
            "finally",
            &format!("{}{}", shown(details), fields.collect::<String>()),
        );
    }
}

#[tokio::test]
async fn hooks_get_the_details_of_evaluation_flag_1() {
    let recorder = Recorder::default();
    let client = api().await.create_client().with_hook(recorder.clone());
    client.get_bool_value("boolean", None, None).await.unwrap();
    let expected = [
        "before",
        "after boolean on STATIC",
        "finally boolean on STATIC",
    ];
    assert_eq!(recorder.calls(), expected);
    assert!(
        client
            .get_string_value("missing", None, None)
            .await
            .is_err()
    );
    let expected = [
        "before",
        "error FLAG_NOT_FOUND",
        "finally missing null ERROR",
    ];
    assert_eq!(recorder.calls(), expected);
    assert!(client.get_bool_value("string", None, None).await.is_err());
    let expected = ["before", "error TYPE_MISMATCH", "finally string null ERROR"];
    assert_eq!(recorder.calls(), expected);
}

#[tokio::test]
async fn hooks_run_in_the_specified_order_flag_1() {
    let shared = Recorder::default();
    let named = |name| Recorder {
        name,
        ..shared.clone()
    };
    let mut api = api().await;
    api.add_hook(named("api ")).await;
    let client = api.create_client().with_hook(named("client "));
    let options = EvaluationOptions {
        hooks: vec![HookWrapper::new(named("invocation "))],
        ..EvaluationOptions::default()
    };
    let value = client.get_bool_value("boolean", None, Some(&options)).await;
    assert!(value.unwrap());
    let calls = shared.calls();
    let stages: Vec<_> = calls
        .iter()
        .map(|call| call.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "api before",
        "client before",
        "invocation before",
        "invocation after",
        "client after",
        "api after",
        "invocation finally",
        "client finally",
        "api finally",
    ];
    assert_eq!(stages, expected);
}

/// Evaluates a flag with a field at the first levels, and returns the value that hooks see.
async fn merged(levels: usize, name: impl Fn(usize) -> &'static str) -> String {
    const LEVELS: [&str; 4] = ["API", "Client", "Invocation", "Before Hooks"];
    let at = |level: usize| {
        let context = EvaluationContext::default();
        match level < levels {
            true => context.with_custom_field(name(level), LEVELS[level]),
            false => context,
        }
    };
    let mut api = api().await;
    api.set_evaluation_context(at(0)).await;
    let recorder = Recorder {
        adds: (levels > 3).then(|| (name(3), LEVELS[3])),
        ..Recorder::default()
    };
    let mut client = api.create_client().with_hook(recorder.clone());
    client.set_evaluation_context(at(1));
    client
        .get_bool_value("boolean", Some(&at(2)), None)
        .await
        .unwrap();
    let finally = recorder.calls().pop().unwrap();
    finally.replace("finally boolean on STATIC ", "")
}

#[tokio::test]
async fn later_level_replaces_field_of_context_flag_1() {
    for (levels, expected) in ["API", "Client", "Invocation", "Before Hooks"]
        .iter()
        .enumerate()
    {
        assert_eq!(
            merged(levels + 1, |_| "key").await,
            format!("key={expected}")
        );
    }
}

#[tokio::test]
async fn context_has_fields_of_all_levels_flag_1() {
    let all = merged(4, |level| ["a", "b", "c", "d"][level]).await;
    assert_eq!(all, "a=API b=Client c=Invocation d=Before Hooks");
}
