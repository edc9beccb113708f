//! Uploads: sizes, types, pixels, names, and buckets that anyone reads.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign};
use crate::model::facts::{Practice, Verdict};

const CODE: &[&str] = &[
    ".go", ".ts", ".tsx", ".js", ".mjs", ".py", ".java", ".kt", ".rs", ".cs",
];

const fn sign(
    practice: Practice,
    verdict: Verdict,
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        practice,
        verdict,
        files,
        pattern,
        unless,
        elsewhere: "",
        evidence,
        within: "",
    }
}

const fn size(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    let evidence = "`{}` accepts an upload, and the file sets no maximum size";
    sign(
        Practice::UploadSize,
        Verdict::Review,
        files,
        pattern,
        unless,
        evidence,
    )
}

const fn unlimited(files: &'static [&'static str], pattern: &'static str) -> Sign {
    let evidence = "`{}` removes the limit of uploads";
    let verdict = Verdict::LikelyBroken;
    sign(Practice::UploadSize, verdict, files, pattern, "", evidence)
}

const fn claimed(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    let evidence = "`{}` comes from the client, and the file does not read the content";
    sign(
        Practice::UploadType,
        Verdict::Review,
        files,
        pattern,
        unless,
        evidence,
    )
}

const fn decoded(
    verdict: Verdict,
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    let evidence = "`{}` decodes an image of any dimensions";
    sign(
        Practice::ImagePixels,
        verdict,
        files,
        pattern,
        unless,
        evidence,
    )
}

const fn public(files: &'static [&'static str], pattern: &'static str) -> Sign {
    let evidence = "`{}` lets anyone read the objects";
    let verdict = Verdict::Review;
    sign(
        Practice::PublicBucket,
        verdict,
        files,
        pattern,
        "",
        evidence,
    )
}

const fn path(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    let evidence = "`{}` builds a path from a name that the client chose";
    let verdict = Verdict::LikelyBroken;
    sign(
        Practice::ClientPath,
        verdict,
        files,
        pattern,
        unless,
        evidence,
    )
}

const fn kept(practice: Practice, pattern: &'static str, evidence: &'static str) -> Sign {
    sign(practice, Verdict::Kept, CODE, pattern, "", evidence)
}

pub(super) const SIGNS: &[Sign] = &[
    size(
        GO,
        r"(?P<what>\b\w+\.(?:ParseMultipartForm|MultipartReader|FormFile))\(",
        r"MaxBytesReader|MaxBytesHandler|BodyLimit|LimitReader|LimitBytes|gofiber/fiber|beego",
    ),
    size(
        SCRIPT,
        r"(?P<what>\bmulter)\((?:\s*\)|\s*\{(?:[^{}]|\{[^{}]*\})*\}\s*\))",
        r"limits\s*:|fileSize|MulterOptions|multerOptions",
    ),
    size(
        SCRIPT,
        r"(?P<what>\b[bB]usboy)\(\s*\{(?:[^{}]|\{[^{}]*\})*\}\s*\)",
        r"limits\s*:|fileSize",
    ),
    size(
        SCRIPT,
        r#"(?P<what>\bFiles?(?:Fields)?Interceptor)\(\s*['"]\w+['"]\s*\)"#,
        r"fileSize|MaxFileSizeValidator|MulterModule",
    ),
    size(
        PYTHON,
        r"(?P<what>\bawait\s+\w*(?:file|upload|image|photo|avatar|document)\w*\.read\(\s*\))",
        r"(?i)content.length|\.size\b|max_?\w*(?:size|bytes|length|mb)|too_large|413",
    ),
    size(
        PYTHON,
        r"(?P<what>\brequest\.(?:files|FILES))\b",
        r"(?i)content.length|\.size\b|max_?\w*(?:size|bytes|length|mb)|too_large|413|validators",
    ),
    unlimited(
        &[".properties", ".yml", ".yaml"],
        r"(?m)^\s*(?P<what>(?:spring\.servlet\.multipart\.)?max-(?:file|request)-size\s*[:=]\s*-1)\b",
    ),
    unlimited(&[".cs"], r"\[(?P<what>DisableRequestSizeLimit)\]"),
    unlimited(
        &["nginx.conf", ".conf", "nginx.conf.template"],
        r"(?m)^\s*(?P<what>client_max_body_size\s+0)\s*;",
    ),
    sign(
        Practice::UploadSize,
        Verdict::LikelyBroken,
        &[".rs"],
        r"(?s)\bMultipart\b.*?(?P<what>\bDefaultBodyLimit::disable)\(",
        r"RequestBodyLimitLayer",
        "`{}` removes the limit of uploads",
    ),
    kept(
        Practice::UploadSize,
        r"(?P<what>\bMaxBytesReader\(|\bMaxBytesHandler\(|\bmiddleware\.BodyLimit|\bMAX_CONTENT_LENGTH\b|\bfileSize\s*:|\bRequestBodyLimitLayer::new|\bMaxFileSizeValidator\b|\[RequestSizeLimit\()",
        "`{}` bounds the size",
    ),
    claimed(
        SCRIPT,
        r"(?P<what>\bfile\.mimetype)\s*(?:===|!==|==|!=|\.startsWith|\.match|\.includes|\.split)",
        r"file-type|fileTypeFrom|magic-?bytes|\bsharp\(|mmmagic|FileTypeValidator",
    ),
    claimed(
        SCRIPT,
        r"(?P<what>\.(?:includes|test|has)\(file\.mimetype)",
        r"file-type|fileTypeFrom|magic-?bytes|\bsharp\(|mmmagic|FileTypeValidator",
    ),
    claimed(
        SCRIPT,
        r"(?P<what>\bextname\(\s*file\.originalname)",
        r"file-type|fileTypeFrom|magic-?bytes|\bsharp\(|mmmagic|randomUUID|uuid|Date\.now",
    ),
    claimed(
        GO,
        r#"(?P<what>\b(?:file|header|fh|handler|fileHeader|fileheader)\.Header\.Get\("Content-Type"\))"#,
        r"DetectContentType|mimetype\.Detect|image\.Decode|filetype\.",
    ),
    claimed(
        GO,
        r"(?P<what>\bExt\(\s*(?:\w+\.)*Filename\s*\))",
        r"(?i)DetectContentType|mimetype\.Detect|image\.Decode|filetype\.|uuid",
    ),
    claimed(
        PYTHON,
        r"(?P<what>\b\w*(?:file|upload|image|photo|avatar)\w*\.content_type)\s*(?:not\s+in|in\b|==|!=|\.startswith)",
        r"\bmagic\b|filetype|imghdr|Image\.open|puremagic",
    ),
    claimed(
        PYTHON,
        r#"(?P<what>\bfilename\.rsplit\(\s*['"]\.['"])"#,
        r"\bmagic\b|filetype|imghdr|Image\.open|puremagic",
    ),
    claimed(
        JVM,
        r"(?P<what>\b\w*(?:file|File|image|photo|avatar)\w*\.getContentType\(\))\s*\.(?:equals|startsWith|contains|matches)",
        r"\bTika\b|ImageIO\.read|guessContentTypeFromStream",
    ),
    claimed(
        JVM,
        r"(?P<what>\.getOriginalFilename\(\))[^;\n]*\.(?:endsWith|matches)\(",
        r"\bTika\b|ImageIO\.read|guessContentTypeFromStream",
    ),
    claimed(
        JVM,
        r"\w+\s*=\s*[^;\n]*(?P<what>getOriginalFilename\(\))[^;]*;[\s\S]{0,500}?(?:\.endsWith\(|[eE]xtension|fromFilename\(|lastIndexOf\(\s*['\x22]\.)",
        r"\bTika\b|ImageIO\.read|guessContentTypeFromStream|UUID",
    ),
    claimed(
        &[".cs"],
        r"(?P<what>\b\w*[fF]ile\w*\.ContentType)\s*(?:==|!=|\.StartsWith|\.Contains)",
        r"Image\.(?:Load|Identify)|MimeDetective|FileSignature",
    ),
    kept(
        Practice::UploadType,
        r"(?P<what>\bhttp\.DetectContentType\(|\bmimetype\.Detect\w*\(|\bfileTypeFrom\w+\(|\bmagic\.from_buffer\(|\bnew Tika\(|\binfer::get\(|\bFileTypeValidator\b)",
        "`{}` reads the content",
    ),
    decoded(
        Verdict::Review,
        GO,
        r"(?s)\b(?:FormFile|multipart\.\w+|r\.Body|req\.Body).*?(?P<what>\b(?:image|imaging)\.Decode)\(",
        r"DecodeConfig",
    ),
    decoded(
        Verdict::Review,
        JVM,
        r"(?s)\bMultipartFile\b.*?(?P<what>\bImageIO\.read)\(",
        r"getWidth\(0\)|getImageReaders",
    ),
    decoded(
        Verdict::LikelyBroken,
        PYTHON,
        r"(?P<what>\bMAX_IMAGE_PIXELS\s*=\s*None)",
        "",
    ),
    decoded(
        Verdict::LikelyBroken,
        SCRIPT,
        r"(?P<what>\blimitInputPixels\s*:\s*(?:false|0)\b)",
        "",
    ),
    decoded(
        Verdict::LikelyBroken,
        &[".rs"],
        r"(?s)\bimage::.*?(?P<what>\.no_limits)\(\)",
        "",
    ),
    kept(
        Practice::ImagePixels,
        r"(?P<what>\bimage\.DecodeConfig\(|\bMAX_IMAGE_PIXELS\s*=\s*\d|\blimitInputPixels\s*:\s*[1-9A-Z]|\.getWidth\(0\)|\bmax_image_width\b)",
        "`{}` bounds the pixels",
    ),
    public(
        &[".tf"],
        r#"(?m)^\s*(?P<what>acl\s*=\s*"public-read(?:-write)?"|block_public_(?:acls|policy)\s*=\s*false)"#,
    ),
    public(
        &[".py", ".ts", ".js", ".mjs"],
        r#"(?P<what>\bACL['"]?\s*[:=]\s*['"]public-read(?:-write)?['"])"#,
    ),
    public(
        &[".go", ".java", ".kt", ".rs", ".cs"],
        r"(?P<what>\b(?:Object|Bucket)CannedACL(?:\.|::)?Public_?Read\w*|\bCannedAccessControlList\.PublicRead\w*|\b(?:Object|Bucket)CannedACL\.PUBLIC_READ\w*|\bS3CannedACL\.PublicRead\w*)",
    ),
    public(
        &[".sh", ".yml", ".yaml", "dockerfile"],
        r"(?P<what>\bmc\s+(?:anonymous|policy)\s+set\s+(?:public|download|upload)\b|\bAccessControl:\s*PublicRead\w*|--acl\s+public-read\S*)",
    ),
    public(
        &[".json", ".go", ".py", ".ts", ".js", ".java"],
        r#"(?P<what>["']?Principal["']?\s*:\s*(?:["']\*["']|\{\s*["']?AWS["']?\s*:\s*\[?\s*["']\*["']\s*\]?\s*\}))(?:[^{}]|\{[^{}]*\}){0,300}?["']s3:(?:GetObject|PutObject|\*)"#,
    ),
    path(
        PYTHON,
        r"(?P<what>\bos\.path\.join\([^()\n]*\b\w+\.filename)\b",
        r"secure_filename|os\.path\.basename|uuid",
    ),
    path(
        PYTHON,
        r#"(?P<what>\bopen\(\s*f["'][^"'\n]*\{\s*\w+\.filename\s*\})"#,
        r"secure_filename|os\.path\.basename|uuid",
    ),
    path(
        PYTHON,
        r"(?P<what>[\w)]\s*/\s*\w+\.filename)\b",
        r"secure_filename|\.name\b|uuid",
    ),
    path(
        JVM,
        r"(?P<what>(?:\bnew File\(|\bPaths\.get\(|\bPath\.of\(|\.resolve\(|\bFile\()[^;\n]*getOriginalFilename\(\))",
        r"FilenameUtils|\.getFileName\(\)|\.normalize\(\)|UUID",
    ),
    Sign {
        within: ONE_FUNCTION,
        verdict: Verdict::Review,
        ..path(
            JVM,
            r"\w+\s*=\s*[^;\n]*getOriginalFilename\(\)[^;]*;[\s\S]{0,700}?(?P<what>(?:\bnew File\(|\bPaths\.get\(|\bPath\.of\(|\.resolve\()[^;\n]*(?i:name)\w*\s*\))",
            r"FilenameUtils|\.getFileName\(\)|\.normalize\(\)|cleanPath|UUID|replaceAll",
        )
    },
    path(
        &[".cs"],
        r"(?P<what>\bPath\.Combine\([^;\n]*\b\w*[fF]ile\w*\.FileName)\b",
        r"GetFileName\(|GetRandomFileName|Guid",
    ),
    path(
        &[".rs"],
        r"(?s)\bMultipart\b.*?(?P<what>\.join\(\s*&?(?:file_name|filename)\b)",
        r"\.file_name\(\)\s*\.and_then\(|sanitize|Uuid|is_ascii_alphanumeric",
    ),
    path(
        SCRIPT,
        r"(?P<what>\bpath\.(?:join|resolve)\([^;\n]*\breq\.(?:params|query|body)\.\w+)",
        r"basename|startsWith|isUUID|path\.relative",
    ),
    path(
        SCRIPT,
        r"(?P<what>\b(?:readFile(?:Sync)?|writeFile(?:Sync)?|createReadStream|sendFile|unlink(?:Sync)?)\([^;\n,]*[+{]\s*req\.(?:params|query|body)\.\w+)",
        r"basename|startsWith|isUUID|path\.relative",
    ),
    path(SCRIPT, r"(?P<what>\bpreservePath\s*:\s*true)", r"basename"),
    path(
        GO,
        r"(?P<what>\bfilepath\.Join\([^;\n]*(?:\.URL\.Query\(\)\.Get|\.FormValue|\.PathValue|\bc\.Param|\bc\.Query|\bc\.PostForm|\bmux\.Vars|\bchi\.URLParam))\(",
        r"filepath\.(?:Base|IsLocal|Rel)\(|os\.OpenRoot|uuid\.Parse|SecureJoin|strconv\.",
    ),
    kept(
        Practice::ClientPath,
        r"(?P<what>\bsecure_filename\(|\bfilepath\.IsLocal\(|\bos\.OpenRoot\(|\bFilenameUtils\.getName\(|\bPath\.GetFileName\(|\bpath\.basename\(\s*(?:file|req)\.)",
        "`{}` removes folders from the name",
    ),
];
