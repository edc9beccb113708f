use std::{borrow::Cow, sync::Arc};

use http::{HeaderValue, Method};

use super::{
    MethodLabel, VariantMatch,
    endpoint::Endpoint,
    list::Methods,
    logged_path::{LoggedPath, PersonalParameters},
    table::{Found, RouteError},
    variant::{Entry, Handlers, Matcher, Variant},
};

/// One path template with its handlers.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) template: Arc<str>,
    pub(super) methods: Methods,
    logged: LoggedPath,
    allow: HeaderValue,
    slots: [Slot; MethodLabel::COUNT],
    has_head_alone: bool,
    /// Whether a router or a service serves all paths of the template.
    is_mount: bool,
}

/// The handlers of one HTTP method of a path.
#[derive(Debug, Clone, Default)]
enum Slot {
    #[default]
    Empty,
    Endpoint(Arc<Endpoint>),
    Variants(Arc<VariantEndpoints>),
}

/// Endpoints that share the path. The request's method and path select one.
struct VariantEndpoints {
    matcher: Matcher,
    endpoints: Vec<Arc<Endpoint>>,
}

impl Path {
    pub(super) fn new(template: Arc<str>) -> Self {
        Self {
            logged: LoggedPath::new(&template),
            template,
            methods: Methods::NONE,
            allow: HeaderValue::from_static(""),
            slots: Default::default(),
            has_head_alone: false,
            is_mount: false,
        }
    }

    pub(super) fn is_mount(&self) -> bool {
        self.is_mount
    }

    /// Returns the path of a request without secrets and personal values.
    pub(super) fn logged<'a>(&self, path: &'a str) -> Cow<'a, str> {
        self.logged.of(&self.template, path)
    }

    /// Adds the parameters with personal names.
    pub(super) fn add_personal_parameters(&self, parameters: &mut PersonalParameters) {
        parameters.add(&self.template, &self.logged);
    }

    pub(super) fn add(&mut self, entry: Entry<()>) -> Result<(), RouteError> {
        match entry.handlers {
            Handlers::One(methods, options) => {
                let endpoint = Arc::new(Endpoint::new(
                    &self.template,
                    &self.template,
                    *methods,
                    options,
                ));
                let methods = endpoint.methods();
                let has_head_alone = endpoint.has_head_alone();
                self.fill(methods, has_head_alone, &Slot::Endpoint(endpoint))
            }
            Handlers::Variants(matcher, variants) => {
                for variant in &variants {
                    self.logged.add(&variant.shown);
                }
                let endpoints: Vec<_> = variants
                    .into_iter()
                    .map(|variant| {
                        let Variant {
                            shown,
                            methods,
                            options,
                        } = variant;
                        Arc::new(Endpoint::new(&self.template, &shown, methods, options))
                    })
                    .collect();
                let mut methods = Methods::NONE;
                for endpoint in &endpoints {
                    methods.join(endpoint.methods());
                }
                let variants = Slot::Variants(Arc::new(VariantEndpoints { matcher, endpoints }));
                self.fill(methods, false, &variants)
            }
            Handlers::Mount(router, options) => {
                self.is_mount = true;
                let endpoint = Arc::new(Endpoint::mounted(&entry.path, router, options));
                let methods = endpoint.methods();
                self.fill(methods, false, &Slot::Endpoint(endpoint))
            }
        }
    }

    fn fill(
        &mut self,
        methods: Methods,
        has_head_alone: bool,
        filling: &Slot,
    ) -> Result<(), RouteError> {
        let twice_head = (self.has_head_alone && has_head_alone).then_some(MethodLabel::Head);
        if let Some(method) = self.methods.overlap(methods).or(twice_head) {
            return Err(RouteError::Duplicate {
                path: self.template.to_string(),
                method: method.as_str(),
            });
        }
        for (label, slot) in MethodLabel::ALL.into_iter().zip(&mut self.slots) {
            // A separate HEAD handler takes precedence over the GET handler, in any order of
            // addition.
            let is_taken = label == MethodLabel::Head && self.has_head_alone;
            if methods.serves(label) && !is_taken {
                *slot = filling.clone();
            }
        }
        self.has_head_alone |= has_head_alone;
        self.methods.join(methods);
        self.allow = allow(self.methods);
        Ok(())
    }

    /// Returns the endpoint for a method. `path` is the path of the request.
    pub(super) fn find(&self, method: &Method, path: &str) -> Found {
        let label = MethodLabel::of(method);
        match self.slots.get(label.index()) {
            Some(Slot::Endpoint(endpoint)) => Found::Endpoint(Arc::clone(endpoint)),
            Some(Slot::Variants(variants)) => match (variants.matcher)(method, path) {
                VariantMatch::Variant(index) => match variants.endpoints.get(index) {
                    Some(endpoint) if endpoint.methods().serves(label) => {
                        Found::Endpoint(Arc::clone(endpoint))
                    }
                    Some(endpoint) if endpoint.options().is_switched_off() => Found::NoRoute,
                    Some(_) => self.other_methods(),
                    None => Found::NoRoute,
                },
                VariantMatch::OtherMethods(mut methods) => {
                    methods.retain(|method| !variants.is_switched_off(method, path));
                    match methods.is_empty() {
                        true => Found::NoRoute,
                        false => Found::OtherMethods(self.allow_of(&methods)),
                    }
                }
                VariantMatch::NoMatch => Found::NoRoute,
            },
            Some(Slot::Empty) | None => self.other_methods(),
        }
    }

    /// Returns the result for a method without a handler. `Allow` does not reveal the methods of
    /// endpoints that are switched off, and a path without other methods does not exist.
    fn other_methods(&self) -> Found {
        let mut visible = self.methods;
        for (label, slot) in MethodLabel::ALL.into_iter().zip(&self.slots) {
            if slot.is_switched_off(label) {
                visible.remove(label);
            }
        }
        if visible == self.methods {
            return Found::OtherMethods(self.allow.clone());
        }
        match visible == Methods::NONE {
            true => Found::NoRoute,
            false => Found::OtherMethods(allow(visible)),
        }
    }

    /// Returns the value of `Allow` for these methods. `GET` implies `HEAD`, and `OPTIONS` is
    /// always included.
    fn allow_of(&self, methods: &[Method]) -> HeaderValue {
        let mut names = Vec::with_capacity(methods.len() + 2);
        for method in methods {
            names.push(method.as_str());
            if *method == Method::GET && self.methods.serves(MethodLabel::Head) {
                names.push(Method::HEAD.as_str());
            }
        }
        if !methods.contains(&Method::OPTIONS) {
            names.push(Method::OPTIONS.as_str());
        }
        HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
    }
}

impl Slot {
    /// Returns whether every endpoint for the method is switched off.
    fn is_switched_off(&self, label: MethodLabel) -> bool {
        match self {
            Self::Empty => false,
            Self::Endpoint(endpoint) => endpoint.options().is_switched_off(),
            Self::Variants(variants) => {
                let endpoints = variants.endpoints.iter();
                let mut serving = endpoints.filter(|endpoint| endpoint.methods().serves(label));
                serving.all(|endpoint| endpoint.options().is_switched_off())
            }
        }
    }
}

impl VariantEndpoints {
    /// Returns whether the endpoint for the method and path of a request is switched off.
    fn is_switched_off(&self, method: &Method, path: &str) -> bool {
        let VariantMatch::Variant(index) = (self.matcher)(method, path) else {
            return false;
        };
        let endpoint = self.endpoints.get(index);
        endpoint.is_some_and(|endpoint| endpoint.options().is_switched_off())
    }
}

/// Returns the value of `Allow`.
fn allow(methods: Methods) -> HeaderValue {
    HeaderValue::try_from(methods.allow()).unwrap_or(HeaderValue::from_static(""))
}

impl std::fmt::Debug for VariantEndpoints {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("VariantEndpoints")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
