use city_events_contract::LOG_FORMAT;
use seaworthy::config::LegacyVariable;

/// The replacement of the S3 variables.
const RAW_URL: &str = "set raw.url and public.url to s3+https://HOST/BUCKET";

/// The variables of the legacy worker.
pub(crate) const VARIABLES: [LegacyVariable; 20] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::rejected(
        "HTTP_ADDR",
        "remove it: the legacy worker has no listener. Set server.http.addr to the address of the probes",
    ),
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
    LegacyVariable::rejected(
        "S3_EXTERNAL_ENDPOINT",
        "remove it: set raw.public_url of the media service",
    ),
    LegacyVariable::rejected("S3_RAW_BUCKET", RAW_URL),
    LegacyVariable::rejected("S3_PUBLIC_BUCKET", RAW_URL),
    LegacyVariable::rejected("S3_REGION", "set raw.region and public.region"),
    LegacyVariable::accepts(
        "S3_USE_PATH_STYLE",
        &["true", "1"],
        "remove it: the path of a URL begins with the bucket",
    ),
    LegacyVariable::rejected(
        "PRESIGN_TTL",
        "remove it: set uploads.url_ttl of the media service",
    ),
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
