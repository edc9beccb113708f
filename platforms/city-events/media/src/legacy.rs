use city_events_contract::LOG_FORMAT;
use seaworthy::config::{Conversion, LegacyVariable};

/// The replacement of the S3 variables.
const RAW_URL: &str = "set raw.url and public.url to s3+https://HOST/BUCKET, and raw.public_url to the address that browsers use";

/// The variables of the legacy media service.
pub(crate) const VARIABLES: [LegacyVariable; 20] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::sets("HTTP_ADDR", "server.http.addr"),
    LegacyVariable::sets("DATABASE_URL", "database.url"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::rejected("RABBIT_QUEUE", "remove it: the queue is city-events.media"),
    // An empty text leaves the default.
    LegacyVariable::converted("CDN_BASE_URL", "pictures_url", Conversion::HttpUrl),
    LegacyVariable::sets("PRESIGN_TTL", "uploads.url_ttl"),
    LegacyVariable::rejected(
        "MAX_UPLOAD_SIZE",
        "set uploads.max_size, for example to 10MiB",
    ),
    LegacyVariable::rejected("MAX_IMAGE_WIDTH", "set images.max_side of the worker"),
    LegacyVariable::rejected("MAX_IMAGE_HEIGHT", "set images.max_side of the worker"),
    LegacyVariable::rejected("S3_ENDPOINT", RAW_URL),
    LegacyVariable::rejected("S3_EXTERNAL_ENDPOINT", RAW_URL),
    LegacyVariable::rejected("S3_RAW_BUCKET", RAW_URL),
    LegacyVariable::rejected("S3_PUBLIC_BUCKET", RAW_URL),
    LegacyVariable::rejected("S3_REGION", "set raw.region and public.region"),
    LegacyVariable::accepts(
        "S3_USE_PATH_STYLE",
        &["true", "1"],
        "remove it: the path of a URL begins with the bucket",
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
