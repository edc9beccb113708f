use seaworthy::config::{Conversion, LegacyVariable};

/// The environment variables that only the legacy gateway has.
pub(crate) const VARIABLES: [LegacyVariable; 14] = [
    LegacyVariable::converted("API_GATEWAY_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::sets("CORS_ORIGIN", "server.http.cors.allowed_origins"),
    LegacyVariable::sets(
        "WS_MAX_CONNECTIONS_PER_INSTANCE",
        "realtime.max_connections",
    ),
    LegacyVariable::sets("STUDENT_AUTH_SERVICE_URL", "clients.student_auth.base_url"),
    LegacyVariable::sets("TRAINER_AUTH_SERVICE_URL", "clients.trainer_auth.base_url"),
    LegacyVariable::sets("STUDENT_SERVICE_URL", "clients.student.base_url"),
    LegacyVariable::sets("TRAINER_SERVICE_URL", "clients.trainer.base_url"),
    LegacyVariable::sets("COURSE_SERVICE_URL", "clients.course.base_url"),
    LegacyVariable::sets("NOTIFICATION_SERVICE_URL", "clients.notification.base_url"),
    LegacyVariable::sets("PAYMENT_SERVICE_URL", "clients.payment.base_url"),
    LegacyVariable::sets("CHAT_SERVICE_URL", "clients.chat.base_url"),
    LegacyVariable::sets("ANALYTICS_SERVICE_URL", "clients.analytics.base_url"),
    LegacyVariable::sets("ADMIN_SERVICE_URL", "clients.admin.base_url"),
    LegacyVariable::sets("BOOKING_SERVICE_URL", "clients.booking.base_url"),
];
