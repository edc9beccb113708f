use seaworthy::config::LegacyVariable;

/// The replacement of the S3 variables.
const RAW_URL: &str = "set raw.url and public.url to s3+https://HOST/BUCKET";

/// The variables of the legacy worker.
pub(crate) const VARIABLES: [LegacyVariable; 17] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("LOG_FORMAT", "log.format"),
    LegacyVariable::sets("DATABASE_URL", "database.url"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::rejected(
        "RABBIT_QUEUE",
        "remove it: the queue is city-events.media-worker",
    ),
    LegacyVariable::sets("MAX_IMAGE_WIDTH", "images.max_side"),
    LegacyVariable::rejected("MAX_IMAGE_HEIGHT", "remove it: images.max_side limits both"),
    LegacyVariable::rejected(
        "MAX_UPLOAD_SIZE",
        "set uploads.max_size, for example to 10MiB",
    ),
    LegacyVariable::rejected("S3_ENDPOINT", RAW_URL),
    LegacyVariable::rejected("S3_RAW_BUCKET", RAW_URL),
    LegacyVariable::rejected("S3_PUBLIC_BUCKET", RAW_URL),
    LegacyVariable::rejected("S3_REGION", "set raw.region and public.region"),
    LegacyVariable::rejected("S3_USE_PATH_STYLE", "remove it: s3+https: uses paths"),
    LegacyVariable::rejected(
        "CDN_BASE_URL",
        "remove it: set pictures_url of the media service",
    ),
    LegacyVariable::rejected(
        "S3_ACCESS_KEY_ID",
        "set raw.access_key and public.access_key",
    ),
    LegacyVariable::rejected(
        "S3_SECRET_ACCESS_KEY",
        "set raw.secret_key and public.secret_key",
    ),
];
