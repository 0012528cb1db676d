// The service: nothing loads where nobody asked for alerts.
import { expect, test, vi } from "vitest";
import { registerAlerts } from "../../../src/nodeRouter/alerts/register.ts";
import { CONFIG, fakeDeps } from "../../support/fakeDeps.ts";
import { SLOW } from "../../support/wait.ts";

const opened = vi.hoisted(() => ({ begun: 0, stopped: 0 }));
vi.mock("../../../src/nodeRouter/alerts/openAlerts.ts", () => ({
  openAlerts: () => {
    opened.begun++;
    return () => {
      opened.stopped++;
    };
  },
}));

interface Service {
  start(): void;
  stop(): void;
}

test("it begins where the config has alerts, once however often it is started, and ends with the service", async () => {
  const deps = fakeDeps();
  const services: Service[] = [];
  const api = { registerService: (service: Service) => void services.push(service) };
  registerAlerts(api as unknown as Parameters<typeof registerAlerts>[0], deps);
  const [service] = services;
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  service?.start();
  await settle();
  service?.stop();
  expect(opened).toEqual({ begun: 0, stopped: 0 });

  deps.configure({ ...CONFIG, alerts: { channel: "pager", to: "ops" } });
  service?.start();
  service?.start();
  await vi.waitFor(() => expect(opened.begun).toBe(1), SLOW);
  service?.start();
  await vi.waitFor(() => expect(opened).toEqual({ begun: 2, stopped: 1 }), SLOW);
  service?.stop();
  expect(opened).toEqual({ begun: 2, stopped: 2 });
  service?.start();
  service?.stop();
  await settle();
  expect(opened.begun - opened.stopped).toBe(0);
});
