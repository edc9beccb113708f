//! The environment of the legacy services, which sets the settings of every service.

use std::{path::Path, time::Duration};

use seaworthy::{
    config::{Environment, Loader, Profile, Settings},
    prelude::Service,
};
use tutoring_contract::AccessTokenConfig;
use tutoring_identity::IdentityConfig;

use crate::app::{SECRET, SERVICE_SECRET};

const KEY: &str = "rfkz0Jt4TzJ9u1mWc5o8yQvB2nXe7hLd";

/// All names of the legacy environment.
const NAMES: [(&str, &str); 84] = [
    ("APP_ENV", "development"),
    ("LOG_LEVEL", "error"),
    ("SERVICE_NAME", "tutoring"),
    ("PLATFORM_TIMEZONE", "Asia/Kolkata"),
    (
        "CORS_ORIGIN",
        "https://app.example.org,https://admin.example.org",
    ),
    ("TRUSTED_PROXIES", "127.0.0.1/32"),
    ("STUDENT_AUTH_SERVICE_PORT", "0"),
    ("TRAINER_AUTH_SERVICE_PORT", "0"),
    ("STUDENT_SERVICE_PORT", "0"),
    ("TRAINER_SERVICE_PORT", "0"),
    ("COURSE_SERVICE_PORT", "0"),
    ("NOTIFICATION_SERVICE_PORT", "0"),
    ("PAYMENT_SERVICE_PORT", "0"),
    ("CHAT_SERVICE_PORT", "0"),
    ("ANALYTICS_SERVICE_PORT", "0"),
    ("ADMIN_SERVICE_PORT", "0"),
    ("BOOKING_SERVICE_PORT", "0"),
    ("STUDENT_AUTH_SERVICE_URL", "http://127.0.0.1:1"),
    ("TRAINER_AUTH_SERVICE_URL", "http://127.0.0.1:1"),
    ("STUDENT_SERVICE_URL", "http://127.0.0.1:1"),
    ("TRAINER_SERVICE_URL", "http://127.0.0.1:1"),
    ("COURSE_SERVICE_URL", "http://127.0.0.1:1"),
    ("NOTIFICATION_SERVICE_URL", "http://127.0.0.1:1"),
    ("PAYMENT_SERVICE_URL", "http://127.0.0.1:1"),
    ("CHAT_SERVICE_URL", "http://127.0.0.1:1"),
    ("ANALYTICS_SERVICE_URL", "http://127.0.0.1:1"),
    ("ADMIN_SERVICE_URL", "http://127.0.0.1:1"),
    ("BOOKING_SERVICE_URL", "http://127.0.0.1:1"),
    ("API_GATEWAY_PORT", "0"),
    ("INSTANCE_ID", "1"),
    ("POSTGRES_URL", "postgres://tutoring@127.0.0.1:1/tutoring"),
    ("POSTGRES_SSL", "verify-full"),
    ("DB_STATEMENT_TIMEOUT", "20000"),
    ("REDIS_URL", "redis://127.0.0.1:1"),
    ("KAFKA_BROKERS", "127.0.0.1:1,127.0.0.1:2"),
    ("KAFKA_CLIENT_ID", "tutoring"),
    ("KAFKA_GROUP_ID", "tutoring"),
    ("KAFKA_SECURITY", "SSL"),
    ("MONGO_URI", "mongodb://127.0.0.1:1"),
    ("MONGO_DB_NAME", "chat"),
    ("AWS_REGION", "ap-south-1"),
    ("AWS_S3_BUCKET", "tutoring-files"),
    ("AWS_ACCESS_KEY_ID", "tutoring"),
    ("AWS_SECRET_ACCESS_KEY", KEY),
    ("JWT_ACCESS_SECRET", SECRET),
    ("JWT_REFRESH_SECRET", KEY),
    ("JWT_ACCESS_EXPIRES_IN", "10m"),
    ("JWT_REFRESH_EXPIRES_IN", "30d"),
    ("JWT_ISSUER", "tutoring"),
    ("JWT_AUDIENCE", "tutoring-api"),
    ("ACCOUNT_LOCKOUT_MAX_ATTEMPTS", "4"),
    ("ACCOUNT_LOCKOUT_DURATION", "20m"),
    ("OTP_PEPPER", KEY),
    ("GOOGLE_CLIENT_ID", "web.example.org"),
    ("GOOGLE_CLIENT_IDS", "web.example.org,android.example.org"),
    ("GOOGLE_CLIENT_SECRET", KEY),
    ("GOOGLE_REDIRECT_URIS", "https://app.example.org/google"),
    ("SMTP_HOST", "smtp.example.org"),
    ("SMTP_PORT", "587"),
    ("SMTP_USER", "codes@example.org"),
    ("SMTP_PASS", KEY),
    ("SMTP_FROM", "codes@example.org"),
    ("EMAIL_OTP_SUBJECT", "Your code"),
    ("MSG91_AUTH_KEY", KEY),
    ("MSG91_TEMPLATE_ID", "template"),
    ("ENABLE_UNVERIFIED_CLEANUP", "true"),
    ("ENABLE_REFRESH_TOKEN_CLEANUP", "true"),
    ("RAZORPAY_KEY_ID", "rzp_test_1"),
    ("RAZORPAY_KEY_SECRET", KEY),
    ("RAZORPAY_WEBHOOK_SECRET", KEY),
    ("PAYMENT_SESSION_TTL_MINUTES", "20"),
    ("COIN_REFERRAL_REWARD", "50"),
    ("COIN_COMPLETION_REWARD", "20"),
    ("MAX_SEQUENTIAL_DISTANCE_KM", "4"),
    ("GOOGLE_MAPS_API_KEY", KEY),
    ("FIREBASE_PROJECT_ID", "tutoring"),
    ("FIREBASE_CLIENT_EMAIL", "push@example.org"),
    ("FIREBASE_PRIVATE_KEY_ID", "1"),
    ("FIREBASE_PRIVATE_KEY", KEY),
    ("FCM_OPTIONAL", "true"),
    ("CHAT_ENCRYPTION_KEY", KEY),
    ("RATE_LIMIT_WINDOW_MS", "60000"),
    ("RATE_LIMIT_MAX_REQUESTS", "100"),
    ("WS_MAX_CONNECTIONS_PER_INSTANCE", "900"),
];

fn environment() -> Environment {
    NAMES.into_iter().collect()
}

/// Returns the settings of a service from the environment.
async fn settings<C: Settings>(service: Service, name: &str) -> C {
    settings_over("{}", service, name).await
}

/// Returns the settings of a service from a file and the environment.
async fn settings_over<C: Settings>(file: &str, service: Service, name: &str) -> C {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.yaml"), file).unwrap();
    let loader = Loader::new(name)
        .directory(folder.path())
        .environment(environment());
    let loaded = service.load::<C>(loader).await;
    let loaded = loaded.unwrap_or_else(|errors| panic!("{name}: {errors}"));
    assert_eq!(loaded.profile(), Profile::Development, "{name}");
    loaded.get::<C>().unwrap()
}

fn assert_tokens(config: &AccessTokenConfig) {
    let secret = config
        .secret
        .as_ref()
        .map(|secret| secret.expose().as_str());
    assert_eq!(secret, Some(SECRET));
}

macro_rules! assert_stores {
    ($config:expr) => {
        let database = &$config.database;
        assert_eq!(
            database.url.to_string(),
            "postgres://tutoring@127.0.0.1:1/tutoring?sslmode=verify-full"
        );
        assert_eq!(database.statement_timeout.get(), Duration::from_secs(20));
        let of_request = database
            .request_statement_timeout
            .map(|timeout| timeout.get());
        assert_eq!(of_request, Some(Duration::from_secs(5)));
        let redis = $config.redis.as_ref().map(|redis| redis.url.to_string());
        assert_eq!(redis.as_deref(), Some("redis://127.0.0.1:1"));
        assert_tokens(&$config.access_tokens);
    };
}

macro_rules! assert_broker {
    ($config:expr) => {
        assert_eq!($config.broker.url.to_string(), "kafkas://127.0.0.1:1");
        #[cfg(feature = "kafka")]
        assert_eq!($config.broker.kafka.servers, ["127.0.0.1:1", "127.0.0.1:2"]);
    };
}

fn assert_accounts(config: &IdentityConfig) {
    assert_stores!(config);
    assert_broker!(config);
    let locked = &config.lockout.account;
    let backoffs = [locked.initial_backoff, locked.max_backoff].map(|backoff| backoff.get());
    assert_eq!(backoffs, [Duration::from_secs(20 * 60); 2]);
    assert_eq!(locked.max_failures.get(), 4);
    assert_eq!(
        config.mail.url.to_string(),
        "smtp://codes%40example.org@smtp.example.org"
    );
    assert_eq!(config.sms.provider, tutoring_identity::SmsProvider::Msg91);
}

#[tokio::test]
async fn legacy_environment_sets_the_settings_of_every_service_conf_1() {
    let students = settings::<IdentityConfig>(tutoring_student_auth::service(), "a").await;
    assert_accounts(&students);
    let trainers = settings::<tutoring_trainer_auth::TrainerAuthConfig>;
    let trainers = trainers(tutoring_trainer_auth::service(), "b").await;
    assert_accounts(&trainers.identity);
    assert_eq!(trainers.documents.url.to_string(), "s3://tutoring-files");
    let admin = settings::<tutoring_admin::AdminConfig>(tutoring_admin::service(), "c").await;
    assert_stores!(admin);
    // The lifetimes and the lockout of the environment are those of students.
    let of_admins = tutoring_admin::AdminConfig::default();
    assert_eq!(admin.lockout, of_admins.lockout);
    assert_eq!(admin.sessions, of_admins.sessions);
    let lifetimes = [admin.access_tokens, of_admins.access_tokens];
    let lifetimes = lifetimes.map(|tokens| tokens.lifetime);
    assert_eq!(lifetimes[0], lifetimes[1]);
    let student = settings::<tutoring_student::StudentConfig>(tutoring_student::service(), "d");
    let student = student.await;
    assert_stores!(student.backend);
    assert_broker!(student.backend);
    let trainer = settings::<tutoring_trainer::TrainerConfig>(tutoring_trainer::service(), "e");
    let trainer = trainer.await;
    assert_stores!(trainer.backend);
    assert_broker!(trainer.backend);
    let course = settings::<tutoring_course::CourseConfig>(tutoring_course::service(), "f").await;
    assert_stores!(course);
    assert_broker!(course);
    assert_eq!(course.media.region, "ap-south-1");
    let booking = settings::<tutoring_booking::BookingConfig>(tutoring_booking::service(), "g");
    let booking = booking.await;
    assert_stores!(booking);
    assert_broker!(booking);
    assert!((booking.max_sequential_distance_km - 4.0).abs() < f64::EPSILON);
    let payment = settings::<tutoring_payment::PaymentConfig>(tutoring_payment::service(), "h");
    let payment = payment.await;
    assert_stores!(payment);
    assert_broker!(payment);
    assert_eq!(payment.order_ttl.get(), Duration::from_secs(20 * 60));
    assert_eq!(payment.provider.key_id, "rzp_test_1");
    assert!(payment.provider.webhook_secret.is_some());
    let chat = settings::<tutoring_chat::ChatConfig>(tutoring_chat::service(), "i").await;
    assert_stores!(chat.backend);
    assert_broker!(chat.backend);
    assert!(chat.kms.seed.is_some());
    let notification = settings::<tutoring_notification::NotificationConfig>;
    let notification = notification(tutoring_notification::service(), "j").await;
    assert_stores!(notification.backend);
    assert_broker!(notification.backend);
    assert!(notification.fcm.enabled);
    let analytics = settings::<tutoring_analytics::AnalyticsConfig>;
    let analytics = analytics(tutoring_analytics::service(), "k").await;
    assert_stores!(analytics);
    assert_broker!(analytics);
    let gateway = settings::<tutoring_gateway::GatewayConfig>(tutoring_gateway::service(), "l");
    let gateway = gateway.await;
    assert_broker!(gateway);
    assert_tokens(&gateway.access_tokens);
    assert_eq!(gateway.realtime.max_connections.get(), 900);
}

#[tokio::test]
async fn files_take_precedence_over_derived_settings_conf_1() {
    let file = "cache: { url: 'rediss://cache' }";
    let student = settings_over::<tutoring_student::StudentConfig>;
    let student = student(file, tutoring_student::service(), "a").await;
    assert_eq!(student.cache.url.to_string(), "rediss://cache");
    assert!(student.backend.redis.is_some());
    let file = "fcm: { enabled: false }";
    let notification = settings_over::<tutoring_notification::NotificationConfig>;
    let notification = notification(file, tutoring_notification::service(), "b").await;
    assert!(!notification.fcm.enabled);
    let file = "sms: { provider: log }";
    let students = settings_over::<IdentityConfig>;
    let students = students(file, tutoring_student_auth::service(), "c").await;
    assert_eq!(students.sms.provider, tutoring_identity::SmsProvider::Log);
    let file = "documents: { url: 's3://documents' }";
    let trainers = settings_over::<tutoring_trainer_auth::TrainerAuthConfig>;
    let trainers = trainers(file, tutoring_trainer_auth::service(), "d").await;
    assert_eq!(trainers.documents.url.to_string(), "s3://documents");
    assert_eq!(trainers.documents.region, "us-east-1");
    assert_eq!(trainers.documents.access_key, None);
    let file = "database: { replicas: [{ url: 'postgres://replica/tutoring' }] }";
    let course = settings_over::<tutoring_course::CourseConfig>;
    let course = course(file, tutoring_course::service(), "e").await;
    let [replica] = &course.database.replicas[..] else {
        panic!("one replica")
    };
    let url = "postgres://replica/tutoring?sslmode=verify-full";
    assert_eq!(replica.url.to_string(), url);
}

#[test]
fn every_legacy_name_is_known_to_a_service_conf_1() {
    let services = [
        tutoring_student_auth::service(),
        tutoring_trainer_auth::service(),
        tutoring_admin::service(),
        tutoring_student::service(),
        tutoring_trainer::service(),
        tutoring_course::service(),
        tutoring_booking::service(),
        tutoring_payment::service(),
        tutoring_chat::service(),
        tutoring_notification::service(),
        tutoring_analytics::service(),
        tutoring_gateway::service(),
    ];
    let known: Vec<_> = services
        .iter()
        .flat_map(Service::legacy_variable_names)
        .collect();
    let is_known = |name: &str| {
        known.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => *known == name,
        })
    };
    let unknown: Vec<_> = NAMES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !is_known(name))
        .collect();
    assert_eq!(unknown, [] as [&str; 0]);
    let trainer: Vec<_> = services[4].legacy_variable_names().collect();
    assert!(trainer.contains(&"TRAINER_SERVICE_PORT") && trainer.contains(&"PLATFORM_TIMEZONE"));
}

/// Starts a service with the environment. The settings replace servers that a test does not have,
/// and contain secrets that only Tutoring has.
macro_rules! start {
    ($folder:expr, $service:ident, $prefix:literal, [$($more:expr),*]) => {{
        let name = stringify!($service);
        let mut settings = embedded($folder, name, $prefix);
        settings.extend([$(String::from($more)),*]);
        let loader = Loader::new(name)
            .environment(environment())
            .overrides(settings);
        let started = Box::pin($service::service().start(loader, $service::assemble)).await;
        let running = started.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        running.stop().await;
    }};
}

const WITHOUT_AUDIT_LOG: [&str; 3] = [
    "tutoring_student_auth",
    "tutoring_analytics",
    "tutoring_gateway",
];

fn embedded(folder: &Path, name: &str, prefix: &str) -> Vec<String> {
    let folder = folder.display();
    let mut settings = vec![
        "admin.addr=127.0.0.1:0".to_owned(),
        "lifecycle.drain_delay=0s".to_owned(),
    ];
    if name != "tutoring_gateway" {
        settings.push(format!("{prefix}database.url=sqlite:{folder}/{name}.db"));
        settings.push(format!("{prefix}database.migrate_at_start=true"));
    }
    if !WITHOUT_AUDIT_LOG.contains(&name) {
        settings.push(format!("audit_log.key={KEY}"));
    }
    if name != "tutoring_admin" {
        settings.push(format!("{prefix}broker.url=sqlite:{folder}/broker.db"));
    }
    settings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_environment_starts_every_service_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let tokens = format!("service_tokens.secret={SERVICE_SECRET}");
    let own = |key: &str| format!("{key}={KEY}");
    start!(folder, tutoring_student_auth, "", []);
    start!(folder, tutoring_trainer_auth, "identity.", []);
    start!(folder, tutoring_admin, "", [own("totp.secret")]);
    start!(folder, tutoring_student, "backend.", ["cache.url=memory:"]);
    start!(
        folder,
        tutoring_trainer,
        "backend.",
        [own("bank_details_key")]
    );
    start!(folder, tutoring_course, "", [&*tokens]);
    start!(
        folder,
        tutoring_booking,
        "",
        [&*tokens, &*own("session_code_key")]
    );
    start!(folder, tutoring_payment, "", [&*tokens]);
    start!(folder, tutoring_chat, "backend.", [own("kms.salt")]);
    // The key of the environment is not a real one.
    start!(
        folder,
        tutoring_notification,
        "backend.",
        ["fcm.enabled=false"]
    );
    start!(folder, tutoring_analytics, "", []);
    start!(folder, tutoring_gateway, "", []);
}
