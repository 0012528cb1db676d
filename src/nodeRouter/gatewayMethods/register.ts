import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import type { RouterDeps } from "../deps.ts";
export function registerGatewayMethods(_api: OpenClawPluginApi, _deps: RouterDeps): void {}
