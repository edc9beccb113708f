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
