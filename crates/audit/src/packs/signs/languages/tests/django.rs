//! Settings, views and serializers of Django.

use super::{Practice, check};

#[test]
fn settings_without_bounds_are_found_data_1() {
    check(&[
        (
            Practice::PoolBounds,
            "app/settings.py",
            "DATABASES = {\n    'default': {\n        'ENGINE': 'django.db.backends.postgresql',\n        'NAME': config('DB'),\n    },\n}\n",
            "DATABASES = {\n    'default': {\n        'ENGINE': 'django.db.backends.postgresql',\n        'CONN_MAX_AGE': 60,\n    },\n}\n",
        ),
        (
            Practice::OpenByDefault,
            "app/settings.py",
            "REST_FRAMEWORK = {\n    'DEFAULT_RENDERER_CLASSES': ['rest_framework.renderers.JSONRenderer'],\n}\n",
            "REST_FRAMEWORK = {\n    'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'],\n}\n",
        ),
        (
            Practice::Encryption,
            "app/views.py",
            "def login(request):\n    response.set_cookie(key='user_session', value=token, httponly=True)\n",
            "def login(request):\n    response.set_cookie(key='user_session', value=token, httponly=True, secure=True)\n",
        ),
    ]);
}

#[test]
fn mistakes_of_callers_that_become_500_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "app/views.py",
            "class A(APIView):\n    def post(self, request):\n        raise exceptions.APIException('passwords differ')\n",
            "class A(APIView):\n    def post(self, request):\n        raise exceptions.ValidationError('passwords differ')\n",
        ),
        (
            Practice::UncheckedValue,
            "app/views.py",
            "class A(APIView):\n    def post(self, request):\n        data = request.data\n        name = data['name']\n",
            "class A(APIView):\n    def post(self, request):\n        data = request.data\n        name = data.get('name')\n",
        ),
        (
            Practice::UncheckedValue,
            "app/views.py",
            "def post(self, request):\n    name = request.data['name']\n",
            "def post(self, request):\n    serializer = A(data=request.data)\n    serializer.is_valid(raise_exception=True)\n    name = serializer.validated_data['name']\n",
        ),
        (
            Practice::NumberRange,
            "app/serializers.py",
            "class CartSerializer(serializers.Serializer):\n    quantity = serializers.IntegerField()\n",
            "class CartSerializer(serializers.Serializer):\n    quantity = serializers.IntegerField(min_value=1)\n",
        ),
    ]);
}

#[test]
fn forwarded_timeouts_and_accounts_are_found_res_3() {
    check(&[
        (
            Practice::OutboundTimeout,
            "app/services.py",
            "class UserService:\n    @staticmethod\n    def get(path, *, headers=None, timeout=None):\n        url = f\"{BASE}/{path}\"\n        return requests.get(url, headers=headers, timeout=timeout)\n",
            "class UserService:\n    @staticmethod\n    def get(path, *, headers=None, timeout=5):\n        url = f\"{BASE}/{path}\"\n        return requests.get(url, headers=headers, timeout=timeout)\n",
        ),
        (
            Practice::AccountEnumeration,
            "app/views.py",
            "class ResendVerifyAPIView(APIView):\n    def post(self, request):\n        if not user:\n            raise exceptions.APIException(\"Email not found\")\n",
            "class ResendVerifyAPIView(APIView):\n    def post(self, request):\n        if not user:\n            return Response(status=204)\n",
        ),
    ]);
}

#[test]
fn waits_and_failures_of_django_are_found_res_3() {
    check(&[
        (
            Practice::OutboundTimeout,
            "app/settings.py",
            "EMAIL_HOST = config('EMAIL_HOST')\n",
            "EMAIL_HOST = config('EMAIL_HOST')\nEMAIL_TIMEOUT = 5\n",
        ),
        (
            Practice::OutboundTimeout,
            "app/settings.py",
            "CACHES = {\n    'default': {\n        'BACKEND': 'django_redis.cache.RedisCache',\n    }\n}\n",
            "CACHES = {\n    'default': {\n        'BACKEND': 'django_redis.cache.RedisCache',\n        'OPTIONS': {'SOCKET_TIMEOUT': 2},\n    }\n}\n",
        ),
        (
            Practice::IgnoredError,
            "app/handlers.py",
            "def custom_exception_handler(exc, context):\n    return Response({}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)\n",
            "def custom_exception_handler(exc, context):\n    logger.exception(exc)\n    return Response({}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)\n",
        ),
        (
            Practice::RetryDelay,
            "consumer.py",
            "def connect():\n    wait = backoff ** attempt\n    time.sleep(wait)\n",
            "def connect():\n    wait = min(backoff ** attempt, 30)\n    time.sleep(wait)\n",
        ),
    ]);
}

#[test]
fn fields_that_callers_may_set_are_found_auth_5() {
    check(&[
        (
            Practice::MassAssignment,
            "app/serializers.py",
            "class UserSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = User\n        fields = ['id', 'email', 'is_verified']\n",
            "class UserSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = User\n        fields = ['id', 'email', 'is_verified']\n        read_only_fields = ['is_verified']\n",
        ),
        (
            Practice::ExposedHash,
            "app/signals.py",
            "payload = {'user': model_to_dict(user)}\n",
            "payload = {'user': {'id': user.id}}\n",
        ),
    ]);
}
