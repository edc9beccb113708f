// Calls every method with clients that protoc-gen-go-grpc generated.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	auth "starterclient/gen/auth/v1"
	common "starterclient/gen/common/v1"
	feature "starterclient/gen/feature/v1"
	greeter "starterclient/gen/helloworld/v1"
)

const password = "wonderful4weather"

// check ends the program if a condition does not hold.
func check(holds bool, values ...any) {
	if !holds {
		panic(fmt.Sprint(values...))
	}
}

// must returns the reply of a call that succeeds.
func must[T any](reply T, err error) T {
	check(err == nil, err)
	return reply
}

// fails checks the code of a call and returns the error form of the contract.
func fails[T any](code codes.Code) func(T, error) *common.ErrorResponse {
	return func(_ T, err error) *common.ErrorResponse {
		failure := status.Convert(err)
		check(failure.Code() == code, err)
		for _, detail := range failure.Proto().Details {
			if form := new(common.ErrorResponse); detail.MessageIs(form) {
				check(proto.Unmarshal(detail.Value, form) == nil)
				check(form.Message == failure.Message(), form)
				return form
			}
		}
		panic(fmt.Sprint("the error has no form: ", err))
	}
}

// bearer returns a context with an access token.
func bearer(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	channel := must(grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials())))
	hello := must(greeter.NewGreeterClient(channel).SayHello(ctx, &greeter.HelloRequest{Name: "Ada"}))
	check(hello.Message == "Hello Ada", hello)
	accounts(ctx, auth.NewAuthClient(channel))
	features(bearer(ctx, os.Args[2]), ctx, feature.NewFeatureToggleClient(channel))
	fmt.Println("all methods behave as documented")
}

func accounts(ctx context.Context, client auth.AuthClient) {
	captcha := must(client.GetCaptcha(ctx, &auth.GetCaptchaRequest{CaptchaType: "image"}))
	image := must(base64.StdEncoding.DecodeString(captcha.ImageData))
	check(len(captcha.CaptchaId) == 32 && bytes.HasPrefix(image, []byte("\x89PNG")), captcha.CaptchaId)
	answer := &auth.VerifyCaptchaRequest{CaptchaId: captcha.CaptchaId, CaptchaCode: "??????"}
	form := fails[*auth.VerifyCaptchaReply](codes.InvalidArgument)(client.VerifyCaptcha(ctx, answer))
	check(form.Status == 400, form)

	account := &auth.RegisterRequest{Username: "ada", Password: password, Email: "ada@example.org", Phone: "+33612345678"}
	check(must(client.Register(ctx, account)).Message != "")
	fails[*auth.RegisterReply](codes.AlreadyExists)(client.Register(ctx, account))
	weak := &auth.RegisterRequest{Username: "1", Password: password}
	form = fails[*auth.RegisterReply](codes.InvalidArgument)(client.Register(ctx, weak))
	check(form.FieldErrors[0].Field == "username", form)

	login := must(client.Login(ctx, &auth.LoginRequest{Username: "ADA", Password: password}))
	check(login.ExpiresIn == 900 && login.AccessToken != "" && login.RefreshToken != "", login.ExpiresIn)
	wrong := &auth.LoginRequest{Username: "ada", Password: "wrong4password"}
	fails[*auth.LoginReply](codes.Unauthenticated)(client.Login(ctx, wrong))
	own := bearer(ctx, login.AccessToken)
	lock := must(client.LockStatus(own, &auth.LockStatusRequest{Username: "ada"}))
	check(!lock.Locked && lock.FailedAttempts == 1 && lock.MaxAttempts == 5, lock)
	fails[*auth.LockStatusReply](codes.PermissionDenied)(client.LockStatus(own, &auth.LockStatusRequest{Username: "eve"}))

	refreshed := must(client.RefreshToken(ctx, &auth.RefreshTokenRequest{RefreshToken: login.RefreshToken}))
	check(refreshed.RefreshToken != login.RefreshToken)
	own = bearer(ctx, refreshed.AccessToken)
	check(must(client.Logout(own, &auth.LogoutRequest{})).Success)
	fails[*auth.LogoutReply](codes.Unauthenticated)(client.Logout(own, &auth.LogoutRequest{}))
	spent := &auth.RefreshTokenRequest{RefreshToken: refreshed.RefreshToken}
	fails[*auth.RefreshTokenReply](codes.Unauthenticated)(client.RefreshToken(ctx, spent))
}

func features(ctx, anonymous context.Context, client feature.FeatureToggleClient) {
	name := "new_page"
	fails[*feature.ListTogglesReply](codes.Unauthenticated)(client.ListToggles(anonymous, &feature.ListTogglesRequest{}))
	fails[*feature.GetToggleReply](codes.NotFound)(client.GetToggle(ctx, &feature.GetToggleRequest{Flag: name}))
	config := &feature.ToggleConfig{
		Enabled:  true,
		Strategy: feature.Strategy_USER,
		Rules:    map[string]string{"whitelist": `["7"]`},
		Tags:     []string{"web"},
	}
	updated := must(client.UpdateToggle(ctx, &feature.UpdateToggleRequest{Flag: name, Config: config})).Toggle
	check(updated.Flag == name && updated.Config.Strategy == feature.Strategy_USER, updated)
	found := must(client.GetToggle(ctx, &feature.GetToggleRequest{Flag: name})).Toggle
	check(found.Config.Rules["whitelist"] == `["7"]`, found)

	evaluate := func(user string) *feature.EvaluateToggleReply {
		request := &feature.EvaluateToggleRequest{Flag: name, Context: &feature.EvaluationContext{UserId: user}}
		return must(client.EvaluateToggle(ctx, request))
	}
	check(evaluate("7").Enabled && evaluate("7").Reason == "user_allowed", evaluate("7"))
	check(!evaluate("8").Enabled, evaluate("8"))
	disabled := must(client.DisableToggle(ctx, &feature.DisableToggleRequest{Flag: name})).Toggle
	check(!disabled.Config.Enabled && !evaluate("7").Enabled, disabled)
	enabled := must(client.EnableToggle(ctx, &feature.EnableToggleRequest{Flag: name})).Toggle
	check(enabled.Config.Enabled, enabled)

	listed := must(client.ListToggles(ctx, &feature.ListTogglesRequest{Tags: []string{"web"}}))
	check(listed.Total == 1 && listed.Toggles[0].Flag == name, listed)
	stats := must(client.GetStats(ctx, &feature.GetStatsRequest{}))
	// The service knows flags without a file.
	check(stats.TotalToggles > 20 && stats.Strategies["user"] == 2, stats)
	check(must(client.DeleteToggle(ctx, &feature.DeleteToggleRequest{Flag: name})).Success)
}
