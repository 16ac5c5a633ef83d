import{A as Ot,B as g,C as ue,D as ce,E as Ae,F as zt,H as Gt,I as Wt,J as Oe,K as Vt,L as qt,M as T,N as w,b as eo,d as It,e as bt,f as U,g as wt,h as St,i as Ct,j as At,k as $t,l as Et,m as vt,n as yt,o as Rt,p as Pt,q as kt,r as Bt,s as _t,t as Tt,u as Mt,v as Lt,w as Nt,x as Ft,y as Dt,z as Ut}from"./chunk-JKIHLR33.js";var H=U();H.registerFlag("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE",()=>15);H.registerFlag("WEBGPU_CPU_FORWARD",()=>!0);H.registerFlag("WEBGPU_MATMUL_PROGRAM_TYPE",()=>-1);H.registerFlag("WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE",()=>!0);H.registerFlag("WEBGPU_USE_LOW_POWER_GPU",()=>!1);H.registerFlag("WEBGPU_CPU_HANDOFF_SIZE_THRESHOLD",()=>1e3);H.registerFlag("WEBGPU_USE_PROFILE_TOOL",()=>!1);H.registerFlag("WEBGPU_IMPORT_EXTERNAL_TEXTURE",()=>!0);H.registerFlag("WEBGPU_USE_NAIVE_CONV2D_DEBUG",()=>!1);H.registerFlag("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL",()=>-1);H.registerFlag("WEBGPU_CONV_SEPARATE_IM2COL_SHADER",()=>!1);H.registerFlag("WEBGPU_PRINT_SHADER",()=>"");H.registerFlag("WEBGPU_ENGINE_COMPILE_ONLY",()=>!1);var $e=class{constructor(t){t&&(this.vendor=t.vendor,this.architecture=t.architecture,this.intelGPUGeneration=this.getIntelGPUGeneration())}getIntelGPUGeneration(){if(this.isIntel()){if(this.architecture.startsWith("gen"))return Number(this.architecture.match(/\d+/));if(this.architecture.startsWith("xe"))return 12}return 0}isIntel(){return this.vendor==="intel"}};var Ee=class{constructor(t){this.device=t,this.numUsedBuffers=0,this.numFreeBuffers=0,this.freeBuffers=new Map,this.usedBuffers=new Map,this.numBytesUsed=0,this.numBytesAllocated=0}acquireBuffer(t,e,o=!1,s=!0){let n,i=Ht(t,e);return s?(this.freeBuffers.has(i)||this.freeBuffers.set(i,[]),this.freeBuffers.get(i).length>0?(n=this.freeBuffers.get(i).pop(),this.numFreeBuffers--):(n=this.device.createBuffer({size:t,usage:e,mappedAtCreation:o}),this.numBytesAllocated+=t)):(n=this.device.createBuffer({size:t,usage:e,mappedAtCreation:o}),this.numBytesAllocated+=t),this.usedBuffers.has(i)||this.usedBuffers.set(i,[]),this.usedBuffers.get(i).push(n),this.numUsedBuffers++,this.numBytesUsed+=t,n}releaseBuffer(t,e=!0){if(this.freeBuffers.size===0)return;let o=t.size,s=t.usage,n=Ht(o,s),i=this.usedBuffers.get(n),a=i.indexOf(t);if(a<0)throw new Error("Cannot find the buffer in buffer manager");i[a]=i[i.length-1],i.pop(),this.numUsedBuffers--,this.numBytesUsed-=o,e?(this.freeBuffers.get(n).push(t),this.numFreeBuffers++):(t.destroy(),this.numBytesAllocated-=o)}getNumUsedBuffers(){return this.numUsedBuffers}getNumFreeBuffers(){return this.numFreeBuffers}dispose(){this.freeBuffers.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.usedBuffers.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.freeBuffers=new Map,this.usedBuffers=new Map,this.numUsedBuffers=0,this.numFreeBuffers=0,this.numBytesUsed=0,this.numBytesAllocated=0}};function Ht(r,t){return`${r}_${t}`}var ve=class{constructor(t){this.device=t,this.numUsedTextures=0,this.numFreeTextures=0,this.freeTextures=new Map,this.usedTextures=new Map,this.numBytesUsed=0,this.numBytesAllocated=0}acquireTexture(t,e,o,s){let n=Qt(o),i=t*e*n,a=Kt(t,e,o,s);if(this.freeTextures.has(a)||this.freeTextures.set(a,[]),this.usedTextures.has(a)||this.usedTextures.set(a,[]),this.numBytesUsed+=i,this.numUsedTextures++,this.freeTextures.get(a).length>0){this.numFreeTextures--;let u=this.freeTextures.get(a).shift();return this.usedTextures.get(a).push(u),u}this.numBytesAllocated+=i;let l=this.device.createTexture({size:[t,e],format:o,usage:s});return this.usedTextures.get(a).push(l),l}releaseTexture(t){if(this.freeTextures.size===0)return;let e=t.width,o=t.height,s=t.format,n=t.usage,i=Kt(e,o,s,n);this.freeTextures.has(i)||this.freeTextures.set(i,[]),this.freeTextures.get(i).push(t),this.numFreeTextures++,this.numUsedTextures--;let a=this.usedTextures.get(i),l=a.indexOf(t);if(l<0)throw new Error("Cannot release a texture that was never provided by this texture manager");a.splice(l,1);let u=Qt(s),c=e*o*u;this.numBytesUsed-=c}getNumUsedTextures(){return this.numUsedTextures}getNumFreeTextures(){return this.numFreeTextures}dispose(){this.freeTextures.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.usedTextures.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.freeTextures=new Map,this.usedTextures=new Map,this.numUsedTextures=0,this.numFreeTextures=0,this.numBytesUsed=0,this.numBytesAllocated=0}};function Kt(r,t,e,o){return`${r}_${t}_${e}_${o}`}function Qt(r){if(r==="rgba8unorm")return 16;throw new Error(`${r} is not supported!`)}function jt(r,t){if(Math.max(...r)>5)throw new Error("Cannot symbolically compute strides for rank > 6 tensor.");let e=r.length,o="xyzwuv",s=r.map(i=>`${t}.${o[i]}`),n=new Array(e-1);n[e-2]=s[e-1];for(let i=e-3;i>=0;--i)n[i]=`(${n[i+1]} * ${s[i+1]})`;return n}var Yt=(r,t,e)=>e==="int32"?`atomicAdd(${r}, bitcast<i32>(${t}));`:`
          {
            var oldValue = 0;
            loop {
              let newValueF32 = bitcast<f32>(oldValue) + (${t});
              let newValue = bitcast<i32>(newValueF32);
              let res = atomicCompareExchangeWeak(${r}, oldValue, newValue);
              if res.exchanged {
                break;
              }
              oldValue = res.old_value;
            }
          }`;var me;(function(r){r[r.FROM_PIXELS=0]="FROM_PIXELS",r[r.DRAW=1]="DRAW"})(me||(me={}));var er=(r,t,e,o,s)=>{let n={dtype:o.dtype,shape:o.shape},i=ro(e,n,t),a=r.createShaderModule({code:i,label:t.constructor.name}),l=U().get("WEBGPU_PRINT_SHADER");if(l!==""){l=l.toLowerCase();let u=l.split(",");(l==="all"||u.some(c=>t.shaderKey.toLowerCase().includes(c)))&&(console.group(t.shaderKey),console.debug(i),console.groupEnd())}return s?r.createComputePipelineAsync({compute:{module:a,entryPoint:"_start"},label:t.constructor.name,layout:"auto"}):r.createComputePipeline({compute:{module:a,entryPoint:"_start"},label:t.constructor.name,layout:"auto"})},E=(r,t="f32")=>{switch(r){case 1:return`${t}`;case 2:return`vec2<${t}>`;case 3:return`vec3<${t}>`;case 4:return`vec4<${t}>`;default:throw new Error(`${r}-component ${t} is not supported.`)}};function j(r){if(r<=1)return"i32";if(r===2)return"vec2<i32>";if(r===3)return"vec3<i32>";if(r===4)return"vec4<i32>";if(r===5)return"vec5";if(r===6)return"vec6";throw Error(`GPU for rank ${r} is not yet supported`)}function pe(r){if(r===0)return"x";if(r===1)return"y";if(r===2)return"z";if(r===3)return"w";if(r===4)return"u";if(r===5)return"v";throw Error(`Index ${r} is not yet supported`)}function M(...r){let t;switch(r.length){case 0:t=`
        fn main()
      `;break;case 1:t=`
        fn main(${r[0]} : i32)
      `;break;default:throw Error("Unreachable")}return t}function Xt(r,t){let e;return e=`
     ${to(t)}
      fn _start(@builtin(local_invocation_id) LocalId : vec3<u32>,
                @builtin(global_invocation_id) GlobalId : vec3<u32>,
                @builtin(local_invocation_index) LocalIndex: u32,
                @builtin(workgroup_id) WorkgroupId : vec3<u32>,
                @builtin(num_workgroups) NumWorkgroups : vec3<u32>) {
        localId = LocalId;
        localIndex = LocalIndex;
        globalId = GlobalId;
        numWorkgroups = NumWorkgroups;
        workgroupId = WorkgroupId;
        ${r?"main(getGlobalIndex());":"main();"};
      }
    `,e}function to(r){return`
  @compute @workgroup_size(${r.workgroupSize[0]}, ${r.workgroupSize[1]}, ${r.workgroupSize[2]})
`}function ro(r,t,e){let o=[],s=e.workgroupSize[0]*e.workgroupSize[1]*e.workgroupSize[2];if(e.outputComponent=e.outputComponent?e.outputComponent:1,o.push(`

      var<private> localId: vec3<u32>;
      var<private> localIndex: u32;
      var<private> globalId: vec3<u32>;
      var<private> numWorkgroups: vec3<u32>;
      var<private> workgroupId: vec3<u32>;

      // Only used when the y/z dimension of workgroup size is 1.
      fn getGlobalIndex() -> i32 {
        ${rr(e)?"  return i32(globalId.x);":`  return i32((workgroupId.z * numWorkgroups.x * numWorkgroups.y +
                workgroupId.y * numWorkgroups.x + workgroupId.x) * ${s}u +
                localIndex);
        `}
      }
    `),e.pixelsOpType!=null){let d=e.pixelsOpType===me.FROM_PIXELS?`@group(0) @binding(0) var<storage, read_write> result: array<${oe(t.dtype,e.outputComponent)}>;`:`@group(0) @binding(1) var<storage, read> inBuf : array<${oe(r[0].dtype,e.outputComponent)}>;`,I=t.shape.length===3?"vec2<i32>":"i32";o.push(`
        struct Uniform {
          outShapeStrides : ${I},
          size            : i32,
          numChannels     : i32,
          alpha           : f32,
        };

        ${d}
        @group(0) @binding(2) var<uniform> uniforms: Uniform;
      `);let h=Jt(e);return[Zt,o.join(`
`),ze(t.shape),e.getUserCode(),Xt(h,e)].join(`
`)}let n,i,a="struct Uniforms { NAN : f32, INFINITY : f32, ";e.variableNames.forEach((d,I)=>{let h=j(r[I].shape.length);a+=`${d.charAt(0).toLowerCase()+d.slice(1)}Shape : ${h}, `,n=r[I].shape.length-1,i=j(n),a+=`${d.charAt(0).toLowerCase()+d.slice(1)}ShapeStrides: ${i}, `});let l=j(t.shape.length);a+=`outShape : ${l}, `,n=t.shape.length-1,i=j(n),a+=`
         outShapeStrides: ${i}, `,e.size&&(a+="size : i32, "),e.uniforms&&(a+=e.uniforms),a+="};",a=co(a),o.push(a),e.atomic?o.push(`
      @group(0) @binding(0) var<storage, read_write> result: array<atomic<i32>>;
    `):o.push(`
      @group(0) @binding(0) var<storage, read_write> result: array<${oe(t.dtype,e.outputComponent)}>;
    `),e.variableNames.forEach((d,I)=>{o.push(`
      @group(0) @binding(${1+I}) var<storage, read> ${d}: array<${e.variableComponents?oe(r[I].dtype,e.variableComponents[I]):oe(r[I].dtype,e.outputComponent)}>;
        `)}),a!==""&&o.push(`
      @group(0) @binding(${1+e.variableNames.length}) var<uniform> uniforms: Uniforms;
      `);let u=ao(t.shape,e.dispatchLayout),c=[Zt,o.join(`
`)+oo,ze(t.shape),u,lo(t.shape.length)];e.atomic||c.push(uo(t.shape,t.dtype,e.outputComponent)),e.variableNames.forEach((d,I)=>{c.push(`${ze(r[I].shape,d)}`)});let p=r.map((d,I)=>io(d,t.shape,e.variableComponents?e.variableComponents[I]:e.outputComponent,e.dispatchLayout.x.length===t.shape.length)).join(`
`);c.push(p),c.push(e.getUserCode());let m=Jt(e);return c.push(Xt(m,e)),c.join(`
`)}function tr(r,t,e){let o=r.shaderKey;if(r.pixelsOpType!=null)return o;let s=[],n=[];t.forEach(c=>{s.push(c.shape),n.push(c.dtype)}),s.push(e.shape),n.push(e.dtype);let i=t.map(c=>w.getBroadcastDims(c.shape,e.shape)),a=t.map(c=>g.arraysEqual(c.shape,e.shape)).join("_"),l=i.map(c=>c.join("_")).join(";"),u=rr(r)?"flatDispatch":"";return o+="_"+(r.workgroupSize?r.workgroupSize.join(","):"")+s.map(c=>c.length).join(",")+n.join(",")+r.variableNames.join(",")+l+a+u,o}var Zt=`
  struct vec5 {x: i32, y: i32, z: i32, w: i32, u: i32};
  struct vec6 {x: i32, y: i32, z: i32, w: i32, u: i32, v: i32};

  // Checks whether coordinates lie within the bounds of the shape.
  fn coordsInBounds2D(coord : vec2<i32>, shape : vec2<i32>) -> bool {
    return all(coord >= vec2<i32>(0)) && all(coord < shape);
  }
  fn coordsInBounds3D(coord : vec3<i32>, shape : vec3<i32>) -> bool {
    return all(coord >= vec3<i32>(0)) && all(coord < shape);
  }
  fn coordsInBounds4D(coord : vec4<i32>, shape : vec4<i32>) -> bool {
    return all(coord >= vec4<i32>(0)) && all(coord < shape);
  }

  fn getIndexFromCoords1D(coord : i32, shape : i32) -> i32 {
    return coord;
  }
  fn getIndexFromCoords2D(coords : vec2<i32>, shape : vec2<i32>) -> i32 {
    return dot(coords, vec2<i32>(shape.y, 1));
  }
  fn getIndexFromCoords3D(coords : vec3<i32>, shape : vec3<i32>) -> i32 {
    return dot(coords, vec3<i32>(shape.y * shape.z, shape.z, 1));
  }
  fn getIndexFromCoords4D(coords : vec4<i32>, shape : vec4<i32>) -> i32 {
    return dot(coords, vec4<i32>(
        shape.y * shape.z * shape.w, shape.z * shape.w, shape.w, 1));
  }
  fn getIndexFromCoords5D(coords : vec5, shape : vec5) -> i32 {
    let shapeStrides: vec5 = vec5(shape.y * shape.z * shape.w * shape.u, shape.z * shape.w * shape.u, shape.w * shape.u, shape.u, 1);
    return coords.x*shapeStrides.x + coords.y*shapeStrides.y + coords.z*shapeStrides.z + coords.w*shapeStrides.w + coords.u*shapeStrides.u;
  }
  fn getIndexFromCoords6D(coords : vec6, shape : vec6) -> i32 {
    let shapeStrides: vec6 = vec6(shape.y * shape.z * shape.w * shape.u * shape.v, shape.z * shape.w * shape.u * shape.v, shape.w * shape.u * shape.v, shape.u * shape.v, shape.v, 1);
    return coords.x*shapeStrides.x + coords.y*shapeStrides.y + coords.z*shapeStrides.z + coords.w*shapeStrides.w + coords.u*shapeStrides.u + coords.v*shapeStrides.v;
  }

  // NaN defination in IEEE 754-1985 is :
  //   - sign = either 0 or 1.
  //   - biased exponent = all 1 bits.
  //   - fraction = anything except all 0 bits (since all 0 bits represents infinity).
  // https://en.wikipedia.org/wiki/IEEE_754-1985#Representation_of_non-numbers
  fn isnan(val: f32) -> bool {
    let floatToUint: u32 = bitcast<u32>(val);
    return (floatToUint & 0x7fffffffu) > 0x7f800000u;
  }
  fn isnanVec4(val : vec4<f32>) -> vec4<bool> {
    let floatToUint: vec4<u32> = bitcast<vec4<u32>>(val);
    return (floatToUint & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  }
`,oo=`
  fn isinf(val: f32) -> bool {
    return abs(val) == uniforms.INFINITY;
  }
`;function ze(r,t=""){let e=r.length,o=t!==""?`get${t.charAt(0).toUpperCase()+t.slice(1)}CoordsFromIndex`:"getCoordsFromIndex",s=t!==""?`${t.charAt(0).toLowerCase()+t.slice(1)}ShapeStrides`:"outShapeStrides";if(e<=1)return`fn ${o}(index : i32) -> i32 { return index; }`;let n=g.computeStrides(r),i=j(e),a=[];for(let u=0;u<e;u++)a.push(`d${u}`);if(n.length===1)return`    fn ${o}(index : i32) -> vec2<i32> {
      let d0 = index / uniforms.${s}; let d1 = index - d0 * uniforms.${s};
      return vec2<i32>(d0, d1);
    }`;let l;return l="var index2 = index;"+n.map((u,c)=>{let p=`let ${a[c]} = index2 / uniforms.${s}.${pe(c)}`,m=c===n.length-1?`let ${a[c+1]} = index2 - ${a[c]} * uniforms.${s}.${pe(c)}`:`index2 = index2 - ${a[c]} * uniforms.${s}.${pe(c)}`;return`${p}; ${m};`}).join(""),`
    fn ${o}(index : i32) -> ${i} {
      ${l}
      return ${i}(${a.join(",")});
    }
  `}function so(r,t){let e=r.name,o=r.shape.length,s=j(o),n="get"+e.charAt(0).toUpperCase()+e.slice(1),i=["d0","d1","d2","d3","d4","d5"].slice(0,o),a=i.map(c=>`${c} : i32`).join(", ");if(o<1)return`
      fn ${n}() -> ${E(t)} {
        return ${E(t)}(${e}[0]);
      }
    `;let l=`uniforms.${e.charAt(0).toLowerCase()+e.slice(1)}Shape`,u=`${o}D`;return o===0&&(u="1D"),`
    fn ${n}(${a}) -> ${E(t)} {
      return ${E(t)}(${e}[getIndexFromCoords${u}(${s}(${i.join(",")}),
        ${l})${t===1?"":` / ${t}`}]);
    }
   `}function no(r,t,e,o){let s=r.name,n=s.charAt(0).toUpperCase()+s.slice(1),i="get"+n+"ByOutput",a=r.shape.length,l=t.length,u=j(l);if(g.arraysEqual(r.shape,t)&&o)return`
    fn ${i}Index(globalIndex : i32) -> ${E(e)} {
      return ${E(e)}(${s}[globalIndex]);
    }

    fn ${i}Coords(coords : ${u}) -> ${E(e)} {
      return ${E(e)}(${s}[${l>1?"getOutputIndexFromCoords(coords)":"coords"}${e===1?"":` / ${e}`}]);
    }
    `;let c=w.getBroadcastDims(r.shape,t),p=l-a,m="";if(a===0)return`
    fn ${i}Index(globalIndex : i32) -> ${E(e)}{
      return get${n}();
    }

    fn ${i}Coords(coords : ${u}) -> ${E(e)}{
      return get${n}();
    }
  `;l<2&&c.length>=1?m="coords = 0;":m=c.map(h=>`coords.${pe(h+p)} = 0;`).join(`
`);let f="";if(l<2&&a>0)f="coords";else if(l>1){let h=j(a),x=r.shape.map((b,C)=>`coords.${pe(C+p)}`).join(", ");f=`${h}(${x})`}else f="coords";let d=`uniforms.${s.charAt(0).toLowerCase()+s.slice(1)}Shape`,I=`${a}D`;return`
  fn ${i}Index(globalIndex : i32) -> ${E(e)} {
    var coords = getCoordsFromIndex(globalIndex);
    ${m}
    return ${E(e)}(${s}[getIndexFromCoords${I}(${f}, ${d})${e===1?"":` / ${e}`}]);
  }

  fn ${i}Coords(coordsIn : ${u}) -> ${E(e)} {
    var coords = coordsIn;
    ${m}
    return ${E(e)}(${s}[getIndexFromCoords${I}(${f}, ${d})${e===1?"":` / ${e}`}]);
  }
`}function io(r,t,e,o){let s=so(r,e);return r.shape.length<=t.length&&(s+=no(r,t,e,o)),s}function ao(r,t){let{x:e,y:o=[],z:s=[]}=t,n=r.length,i=e.length+o.length+s.length;if(i!==n)return"";if(e.length===n)return`fn getOutputCoords() -> ${j(n)}{
    let globalIndex = getGlobalIndex();
    return getCoordsFromIndex(globalIndex);
  }
  `;let a="",l=[e,o,s];for(let m=0;m<l.length;m++){let f=l[m];if(f.length!==0)if(f.length===1)a+=`let d${f[0]} = i32(globalId[${m}]);`;else{let d=jt(f,"uniforms.outShape");a+=`var index${m} = i32(globalId[${m}]);`;for(let I=0;I<d.length;I++)a+=`let d${f[I]} = index${m} / ${d[I]};`,I===d.length-1?a+=`let d${f[I+1]} = index${m} - d${f[I]} * ${d[I]};`:a+=`index${m} = index${m} - d${f[I]} * ${d[I]};`}}let u=[];for(let m=0;m<i;m++)u.push(`d${m}`);let c=j(i),p=`fn getOutputCoords() -> ${c} {
  ${a}
`;return u.length===0?p+=`return ${c}(0); }`:p+=`return ${c}(${u.join(",")}); }`,p}function lo(r){let t="";switch(r){case 0:case 1:t+=`
        fn getOutputIndexFromCoords(coords : i32) -> i32 {
          return coords;
        }
        `;break;case 2:t+=`
        fn getOutputIndexFromCoords(coords : vec2<i32>) -> i32 {
          return dot(coords, vec2<i32>(uniforms.outShapeStrides, 1));
        }
        `;break;case 3:t+=`
        fn getOutputIndexFromCoords(coords : vec3<i32>) -> i32 {
          return dot(coords, vec3<i32>(uniforms.outShapeStrides.x, uniforms.outShapeStrides.y, 1));
        }
        `;break;case 4:t+=`
        fn getOutputIndexFromCoords(coords : vec4<i32>) -> i32 {
          return dot(coords, vec4<i32>(
            uniforms.outShapeStrides.x, uniforms.outShapeStrides.y, uniforms.outShapeStrides.z, 1));
        }
        `;break;case 5:t+=`
        fn getOutputIndexFromCoords(coords : vec5) -> i32 {
          return coords.x * uniforms.outShapeStrides.x +
              coords.y * uniforms.outShapeStrides.y +
              coords.z * uniforms.outShapeStrides.z +
              coords.w * uniforms.outShapeStrides.w +
              coords.u;
        }
        `;break;case 6:t+=`
        fn getOutputIndexFromCoords(coords : vec6) -> i32 {
          return coords.x * uniforms.outShapeStrides.x +
              coords.y * uniforms.outShapeStrides.y +
              coords.z * uniforms.outShapeStrides.z +
              coords.w * uniforms.outShapeStrides.w +
              coords.u * uniforms.outShapeStrides.u +
              coords.v;
        }
        `;break;default:g.assert(!1,()=>`Unsupported ${r}D shape`);break}return t}function rr(r){return r.dispatch[1]===1&&r.dispatch[2]===1}function oe(r,t=1){if(r==="float32")return E(t,"f32");if(r==="int32"||r==="bool")return E(t,"i32");throw new Error(`type ${r} is not supported.`)}function uo(r,t,e){let o=r.length,s=oe(t,e),n=`fn setOutputAtIndex(flatIndex : i32, value : ${E(e)}) {
      result[flatIndex] = ${s}(value);
    }

    fn setOutputAtIndexI32(flatIndex : i32, value : ${E(e,"i32")}) {
      result[flatIndex] = ${s}(value);
    }
    `;if(o>=2){let i=["d0","d1","d2","d3","d4","d5"].slice(0,o),a=j(o);n+=`
      fn setOutputAtCoords(${i.map(l=>`${l} : i32`).join(", ")}, value : ${E(e)}) {
        let flatIndex = getOutputIndexFromCoords(${a}(${i.join(", ")}));
        setOutputAtIndex(flatIndex${e===1?"":` / ${e}`}, value);
      }
      fn setOutputAtCoordsI32(${i.map(l=>`${l} : i32`).join(", ")}, value : ${E(e,"i32")}) {
        let flatIndex = getOutputIndexFromCoords(${a}(${i.join(", ")}));
        setOutputAtIndexI32(flatIndex${e===1?"":` / ${e}`}, value);
      }
    `}return n}function co(r){let t=/(\w+)\s*:\s*vec(5|6)/g;r=r.replace(t,o=>"@align(16) "+o);let e=/vec(5|6)\s*,\s*(\w+)/g;return r=r.replace(e,(o,s,n)=>`vec${s}, @align(16) ${n}`),r}function Jt(r){return!(r.dispatchLayout.hasOwnProperty("y")&&r.dispatchLayout.y.length!==0||r.dispatchLayout.hasOwnProperty("z")&&r.dispatchLayout.z.length!==0)}var te=r=>{let t=1;for(let e=0;e<r.length;e++)t*=r[e];return t};function N(r,t,e=[1,1,1],o=[1,1,1]){let[s,n,i]=[Math.ceil(te(r.x.map(a=>t[a]))/(e[0]*o[0])),r.y?Math.ceil(te(r.y.map(a=>t[a]))/(e[1]*o[1])):1,r.z?Math.ceil(te(r.z.map(a=>t[a]))/(e[2]*o[2])):1];return[s,n,i]}function or(r,t,e,o=!1){let s=[8,8,1],n=[4,4,1];return o||(r<=8&&(n[1]=1),t<=16&&e<=16&&(s[0]=4)),{workgroupSize:s,elementsPerThread:n}}function sr(r,t,e=!1){if(e)return[8,8,1];let o=te(r.x.map(n=>t[n])),s=te(r.y.map(n=>t[n]));return o<=4?[4,16,1]:s<=4?[16,4,1]:[16,16,1]}function nr(r,t,e=!1){if(e)return[4,4,1];let o=te(r.x.map(n=>t[n])),s=te(r.y.map(n=>t[n]));return o<=4?[1,2,1]:s<=4?[2,1,1]:[2,2,1]}function X(r){return{x:r.map((t,e)=>e)}}function Ge(r){if(r==="float32"||r==="int32"||r==="bool"||r==="string")return 4;if(r==="complex64")return 8;throw new Error(`Unknown dtype ${r}`)}function ir(){return!!(typeof globalThis<"u"&&globalThis.navigator&&globalThis.navigator.gpu)}var Y;(function(r){r[r.MatMulReduceProgram=0]="MatMulReduceProgram",r[r.MatMulSplitKProgram=1]="MatMulSplitKProgram",r[r.MatMulSmallOutputSizeProgram=2]="MatMulSmallOutputSizeProgram",r[r.MatMulPackedProgram=3]="MatMulPackedProgram",r[r.MatMulMax=4]="MatMulMax"})(Y||(Y={}));var ho=U().getNumber("WEBGPU_CPU_HANDOFF_SIZE_THRESHOLD"),fo=(r,t)=>{let e=r.limits.maxComputeWorkgroupsPerDimension,o=t.dispatchLayout,s=t.dispatch;if(s.every(i=>i<=e))return s;g.assert(s[0]>e&&o.y===void 0&&o.z===void 0,()=>"Dispatch size exceeds WebGPU limits in Y or Z dimension.");let n=Math.ceil(Math.sqrt(s[0]));return n>e?(n=Math.ceil(Math.cbrt(s[0])),g.assert(n<=e,()=>"Total dispatch size exceeds WebGPU maximum."),[n,n,n]):[n,n,1]},he=class r extends bt{nextDataId(){return r.nextDataId++}constructor(t,e){if(super(),this.commandQueueOwnedIds=new WeakSet,this.dispatchCountInPass=0,this.disposed=!1,this.downloadWaitMs=0,this.tensorDataPendingDisposal=[],this.queryResolveBuffer=null,this.querySet=null,this.querySetCount=2,this.stagingPendingDisposal=[],this.uniformPendingDisposal=[],this.uploadWaitMs=0,this.hasReadSyncWarned=!1,this.hasTimestampQueryWarned=!1,!ir())throw new Error("WebGPU is not supported on this device");this.pipelineCache={},this.device=t,this.queue=t.queue,this.commandEncoder=null,this.computePassEncoder=null,this.adapterInfo=new $e(e),this.supportTimestampQuery=this.device.features.has("timestamp-query"),this.thresholdToIncreaseWorkgroups=this.adapterInfo.intelGPUGeneration>=12?16:8,this.bufferManager=new Ee(this.device),this.textureManager=new ve(this.device),this.tensorMap=new It(this,Ae()),U().getBool("WEBGPU_USE_PROFILE_TOOL")&&(this.dummyCanvas=document.createElement("canvas"),this.dummyCanvas.width=1,this.dummyCanvas.height=1,this.dummyContext=this.dummyCanvas.getContext("webgpu"),this.dummyContext.configure({device:t,format:"bgra8unorm"}),document.body.appendChild(this.dummyCanvas))}floatPrecision(){return 32}disposeData(t,e=!1){if(!this.tensorMap.has(t))return!0;let o=this.tensorMap.get(t);return e?o.refCount=0:o.refCount--,o.refCount>0?!1:(o.complexTensorInfos!=null&&(this.disposeData(o.complexTensorInfos.real.dataId),this.disposeData(o.complexTensorInfos.imag.dataId)),this.commandQueueOwnedIds.has(t)?(this.tensorDataPendingDisposal.push(t),!0):(this.releaseResource(t),this.tensorMap.delete(t),!0))}memory(){return{numBytesInGPU:this.bufferManager.numBytesUsed,numBytesAllocatedInGPU:this.bufferManager.numBytesAllocated,unreliable:!1}}releaseResource(t){let e=this.tensorMap.get(t);if(!(!e||!e.resource)){if(e.external){e.resource=null;return}e.resource instanceof GPUBuffer?this.bufferManager.releaseBuffer(e.resource):e.resource instanceof GPUTexture&&this.textureManager.releaseTexture(e.resource),e.resource=null}}refCount(t){return this.tensorMap.has(t)?this.tensorMap.get(t).refCount:0}incRef(t){let e=this.tensorMap.get(t);e.refCount++}decRef(t){if(this.tensorMap.has(t)){let e=this.tensorMap.get(t);e.refCount--}}write(t,e,o){if(o==="complex64"&&t!=null)throw new Error("Cannot write to a complex64 dtype. Please use tf.complex(real, imag).");let s={id:this.nextDataId()};return this.tensorMap.set(s,{dtype:o,shape:e,values:t,refCount:1}),s}move(t,e,o,s,n){if(s==="complex64")throw new Error("Cannot write to a complex64 dtype. Please use tf.complex(real, imag).");this.tensorMap.set(t,{dtype:s,shape:o,values:e,refCount:n})}submitQueue(){this.queue.submit([this.commandEncoder.finish()]),this.commandEncoder=null,this.dispatchCountInPass=0,this.commandQueueOwnedIds=new WeakSet,this.tensorDataPendingDisposal.forEach(t=>{this.releaseResource(t),this.tensorMap.delete(t)}),this.uniformPendingDisposal.forEach(t=>this.bufferManager.releaseBuffer(t)),this.stagingPendingDisposal.forEach(t=>this.bufferManager.releaseBuffer(t,!1)),this.tensorDataPendingDisposal=[],this.uniformPendingDisposal=[],this.stagingPendingDisposal=[]}ensureCommandEncoderReady(){this.commandEncoder||(this.commandEncoder=this.device.createCommandEncoder())}endComputePassEncoder(){this.computePassEncoder&&(this.computePassEncoder.end(),this.computePassEncoder=null)}async checkCompileCompletionAsync(){let t;try{t=await Promise.all(Object.values(this.pipelineCache))}catch(e){throw new Error(e.message)}Object.keys(this.pipelineCache).map((e,o)=>{this.pipelineCache[e]=t[o]})}async getBufferData(t){if(U().getBool("WEBGPU_ENGINE_COMPILE_ONLY"))return console.warn("The data may be invalid since WEBGPU_ENGINE_COMPILE_ONLY is true, this can only be called when WEBGPU_ENGINE_COMPILE_ONLY is false"),null;let e=t.size,o=this.bufferManager.acquireBuffer(e,GPUBufferUsage.COPY_DST|GPUBufferUsage.MAP_READ);this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(t,0,o,0,e),this.submitQueue(),await o.mapAsync(GPUMapMode.READ);let s=o.getMappedRange().slice(0);return o.unmap(),o!=null&&this.bufferManager.releaseBuffer(o),U().getBool("WEBGPU_USE_PROFILE_TOOL")&&(g.assert(this.dummyContext!==void 0,()=>"Fail to get context for profiling tool"),this.dummyContext.getCurrentTexture()),s}convertAndCacheOnCPU(t,e){let o=this.tensorMap.get(t);return o.values=e,o.values}readSync(t){let e=this.tensorMap.get(t),{values:o,complexTensorInfos:s}=e;if(o!=null||e.dtype==="string")return o;if(e.dtype==="complex64"){let I=this.readSync(s.real.dataId),h=this.readSync(s.imag.dataId),x=g.convertBackendValuesAndArrayBuffer(w.mergeRealAndImagArrays(I,h).buffer,"float32");return this.convertAndCacheOnCPU(t,x),x}this.hasReadSyncWarned||(this.hasReadSyncWarned=!0,console.warn("The performance of synchronously reading data from GPU to CPU is poor on the webgpu backend, please use asynchronous APIs instead."));let n=["opaque","premultiplied"],i=e.resource,a=i.size;g.assert(a%4===0,()=>"Because there is 4 bytes for one pixel, buffer size must be multiple of 4.");let l=a/4,u=new ArrayBuffer(a),c=256,p=256,m=n.map(I=>new OffscreenCanvas(c,p)),f=new OffscreenCanvas(c,p);this.endComputePassEncoder(),m.map((I,h)=>{let x=I.getContext("webgpu");return x.configure({device:this.device,format:"bgra8unorm",usage:GPUTextureUsage.COPY_DST,alphaMode:n[h]}),x.getCurrentTexture()}).map((I,h)=>{let x=c*4,b=(P,B,D)=>{this.ensureCommandEncoderReady(),this.commandEncoder.copyBufferToTexture({buffer:i,bytesPerRow:x,offset:D},{texture:I},{width:P,height:B}),this.submitQueue();let W=f.getContext("2d",{willReadFrequently:!0});W.clearRect(0,0,P,B),W.drawImage(m[h],0,0);let q=W.getImageData(0,0,P,B).data,Z=n[h],L=new Uint8ClampedArray(u,D,P*B*4);for(let z=0;z<L.length;z+=4)if(Z==="premultiplied")L[z+3]=q[z+3];else{let G=q[z];L[z]=q[z+2],L[z+1]=q[z+1],L[z+2]=G}},C=Math.floor(l/(c*p)),S=c,$=p,v=0;for(let P=0;P<C;P++)b(S,$,v),v+=c*p*4;let y=l%(c*p);$=Math.floor(y/c),$>0&&(b(S,$,v),v+=$*(c*4)),S=y%c,S>0&&b(S,1,v)});let d=g.convertBackendValuesAndArrayBuffer(u,e.dtype);return this.convertAndCacheOnCPU(t,d),d}async read(t){if(!this.tensorMap.has(t))throw new Error(`Tensor ${t} was not registered!`);let e=this.tensorMap.get(t),{values:o}=e;if(o!=null)return o;let s;if(e.dtype==="complex64"){let n=await Promise.all([this.read(e.complexTensorInfos.real.dataId),this.read(e.complexTensorInfos.imag.dataId)]),i=n[0],a=n[1];s=w.mergeRealAndImagArrays(i,a)}else{let n=await this.getBufferData(e.resource);s=g.convertBackendValuesAndArrayBuffer(n,e.dtype)}return this.convertAndCacheOnCPU(t,s),s}copyBuffer(t){let e=t.size,o=t.usage,s=this.bufferManager.acquireBuffer(e,o);return this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(t,0,s,0,e),this.submitQueue(),s}createTensorFromGPUData(t,e,o){let s=t.buffer;if(o==="complex64")throw new Error("Cannot write to a complex64 dtype. ");let n={id:this.nextDataId()};this.tensorMap.set(n,{dtype:o,shape:e,values:null,refCount:1,external:t.zeroCopy});let i=this.tensorMap.get(n),a=Ge(i.dtype)*g.sizeFromShape(i.shape);if(t.buffer.size<a)throw new Error(`GPUBuffer size(${t.buffer.size}) is smaller than tensor size(${a})!`);if((t.buffer.usage&(GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_SRC))!==(GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_SRC))throw new Error("GPUBuffer.usage should include GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC!");return t.zeroCopy!==!0&&(s=this.copyBuffer(s)),i.resource=s,Ae().makeTensorFromDataId(n,e,o,this)}readToGPU(t){let e=this.tensorMap.get(t),{values:o,dtype:s,shape:n,resource:i}=e;if(s==="complex64")throw new Error("Does not support reading buffer for complex64 dtype.");if(i==null)throw o!=null?new Error("Data is not on GPU but on CPU."):new Error("There is no data on GPU or CPU.");let a=i,l=a.size,u=a.usage,c=this.bufferManager.acquireBuffer(l,u);this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(i,0,c,0,l),this.submitQueue();let p=this.makeTensorInfo(n,s),m=Ae().makeTensorFromTensorInfo(p),f=this.tensorMap.get(p.dataId);return f.resource=c,{tensorRef:m,buffer:c}}bufferSync(t){let e=this.readSync(t.dataId);if(t.dtype==="string")try{let o=e.map(s=>g.decodeString(s));return T(t.shape,t.dtype,o)}catch{throw new Error("Failed to decode encoded string bytes into utf-8")}return T(t.shape,t.dtype,e)}async time(t){!this.supportTimestampQuery&&!this.hasTimestampQueryWarned&&(console.warn("This device doesn't support timestamp-query extension. Start Chrome browser with flag --enable-dawn-features=allow_unsafe_apis to try it again. Otherwise, zero will be shown for the kernel time when profiling mode is enabled."),this.hasTimestampQueryWarned=!0);let e=this.activeTimers,o=[],s=!1;this.programTimersStack==null?(this.programTimersStack=o,s=!0):this.activeTimers.push(o),this.activeTimers=o,t();let n=g.flatten(this.activeTimers.map(u=>u.query)).filter(u=>u!=null),i=g.flatten(this.activeTimers.map(u=>u.name)).filter(u=>u!=null);this.activeTimers=e,s&&(this.programTimersStack=null);let a={uploadWaitMs:this.uploadWaitMs,downloadWaitMs:this.downloadWaitMs,kernelMs:null,wallMs:null},l=await Promise.all(n);return a.kernelMs=g.sum(l),a.getExtraProfileInfo=()=>l.map((u,c)=>({name:i[c],ms:u})).map(u=>`${u.name}: ${u.ms}`).join(", "),this.uploadWaitMs=0,this.downloadWaitMs=0,a}makeTensorInfo(t,e,o){return e==="string"&&o!=null&&o.length>0&&g.isString(o[0])&&(o=o.map(n=>g.encodeString(n))),{dataId:this.write(o,t,e),shape:t,dtype:e}}tensorToBinding(t){if(!t)return null;let o=this.tensorMap.get(t.dataId).resource;return o instanceof GPUBuffer?{buffer:o}:o instanceof GPUTexture?o.createView():o}uploadToGPU(t){let e=this.tensorMap.get(t);if(e.resource!=null)return;let o=Ge(e.dtype)*g.sizeFromShape(e.shape),s,n=GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_SRC|GPUBufferUsage.COPY_DST;if(e.values){if(s=this.bufferManager.acquireBuffer(o,n,!0),s.mapState==="unmapped"){let i=this.bufferManager.acquireBuffer(o,GPUBufferUsage.MAP_WRITE|GPUBufferUsage.COPY_SRC,!0,!1),a=i.getMappedRange();e.dtype==="int32"||e.dtype==="bool"?new Int32Array(a).set(e.values):new Float32Array(a).set(e.values),i.unmap(),this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(i,0,s,0,o),this.stagingPendingDisposal.push(i)}else{let i=s.getMappedRange();e.dtype==="int32"||e.dtype==="bool"?new Int32Array(i).set(e.values):new Float32Array(i).set(e.values),s.unmap()}e.values=null}else s=this.bufferManager.acquireBuffer(o,n);e.resource=s}makeUniforms(t){let e=0,o=0,s=[],n=1;t.forEach(l=>{l.data.length===0&&(l.data=[1]);let u;switch(l.data.length){case 1:u=4;break;case 2:u=8;break;case 3:u=16;break;case 4:u=16;break;case 5:u=16;break;case 6:u=16;break;default:g.assert(!1,()=>`Unsupported ${l.data.length}D shape`)}(o===5||o===6)&&(u=16),u>n&&(n=u),e=Math.ceil(e/u)*u,o=l.data.length,s.push(e),e+=l.data.length*4}),e=Math.ceil(e/n)*n;let i=new ArrayBuffer(e);t.forEach((l,u)=>{let c=s[u];l.type==="int32"?new Int32Array(i,c,l.data.length).set(l.data):l.type==="uint32"?new Uint32Array(i,c,l.data.length).set(l.data):new Float32Array(i,c,l.data.length).set(l.data)});let a=this.bufferManager.acquireBuffer(e,GPUBufferUsage.COPY_DST|GPUBufferUsage.UNIFORM);return this.queue.writeBuffer(a,0,i,0,e),this.uniformPendingDisposal.push(a),{offset:0,size:e,buffer:a}}runWebGPUProgram(t,e,o,s,n){if(n||(n=this.makeTensorInfo(t.outputShape,o)),g.sizeFromShape(n.shape)===0)return this.tensorMap.get(n.dataId).values=g.getTypedArrayFromDType(n.dtype,0),n;this.uploadToGPU(n.dataId),t.dispatch=fo(this.device,t);let i=e.map((l,u)=>{if(l.dtype==="complex64")throw new Error("GPGPUProgram does not support complex64 input. For complex64 dtypes, please separate the program into real and imaginary parts.");return this.uploadToGPU(l.dataId),{dtype:this.tensorMap.get(l.dataId).dtype,shape:l.shape,name:t.variableNames[u]}});t.shaderKey=tr(t,i,n);let a=U().getBool("WEBGPU_ENGINE_COMPILE_ONLY");return t.shaderKey in this.pipelineCache||(this.pipelineCache[t.shaderKey]=er(this.device,t,i,n,a)),t.pipeline=this.pipelineCache[t.shaderKey],a||this.recordAndSubmit(t,n,e,s),n}recordAndSubmit(t,e,o,s){if(t.pipeline instanceof Promise)throw new Error("Please call checkCompileCompletionAsync to ensure parallel compilation is done!");let n=[],i=[],a="int32";if(t.pixelsOpType==null){n.push({type:"float32",data:[NaN]},{type:"float32",data:[1/0]}),i=o.concat(e).map(f=>f.shape);let m="int32";i.map(f=>{n.push({type:m,data:f});let d=g.computeStrides(f);n.push({type:m,data:d})})}else{let m=g.computeStrides(e.shape);n.push({type:a,data:m})}if(t.size){let m=g.sizeFromShape(t.outputShape);n.push({type:a,data:[t.outputComponent?m/t.outputComponent:m]})}s&&(n=[...n,...s]);let l=[this.tensorToBinding(e),...o.map(m=>this.tensorToBinding(m)),this.makeUniforms(n)];o.forEach(m=>{this.commandQueueOwnedIds.add(m.dataId)}),this.commandQueueOwnedIds.add(e.dataId);let u=this.device.createBindGroup({layout:t.pipeline.getBindGroupLayout(0),entries:l.map((m,f)=>({binding:f,resource:m}))}),c=this.activeTimers!=null;this.ensureCommandEncoderReady();let p={};c&&this.supportTimestampQuery?(this.endComputePassEncoder(),this.querySet==null&&(this.querySet=this.device.createQuerySet({type:"timestamp",count:this.querySetCount})),p.timestampWrites={querySet:this.querySet,beginningOfPassWriteIndex:0,endOfPassWriteIndex:1},this.computePassEncoder=this.commandEncoder.beginComputePass(p)):this.computePassEncoder||(this.computePassEncoder=this.commandEncoder.beginComputePass(p)),this.computePassEncoder.setPipeline(t.pipeline),this.computePassEncoder.setBindGroup(0,u),this.computePassEncoder.dispatchWorkgroups(t.dispatch[0],t.dispatch[1],t.dispatch[2]),this.dispatchCountInPass++,(c||U().get("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE")<=this.dispatchCountInPass||t.pixelsOpType===me.DRAW)&&(this.endComputePassEncoder(),c?this.activeTimers.push({name:t.constructor.name,query:this.getQueryTime()}):this.submitQueue())}async getQueryTime(){if(!this.supportTimestampQuery)return 0;this.queryResolveBuffer==null&&(this.queryResolveBuffer=this.bufferManager.acquireBuffer(this.querySetCount*8,GPUBufferUsage.COPY_SRC|GPUBufferUsage.COPY_DST|GPUBufferUsage.QUERY_RESOLVE)),this.commandEncoder.resolveQuerySet(this.querySet,0,this.querySetCount,this.queryResolveBuffer,0);let t=this.bufferManager.acquireBuffer(this.querySetCount*8,GPUBufferUsage.MAP_READ|GPUBufferUsage.COPY_DST);this.commandEncoder.copyBufferToBuffer(this.queryResolveBuffer,0,t,0,this.querySetCount*8),this.submitQueue(),await t.mapAsync(GPUMapMode.READ);let e=new BigUint64Array(t.getMappedRange()),o=Number(e[1]-e[0])/1e6;return t.unmap(),this.bufferManager.releaseBuffer(t),o}shouldExecuteOnCPU(t,e=ho){return U().getBool("WEBGPU_CPU_FORWARD")&&t.every(o=>this.tensorMap.get(o.dataId).resource==null&&g.sizeFromShape(o.shape)<e)}numDataIds(){return this.tensorMap.numDataIds()-this.tensorDataPendingDisposal.length}dispose(){this.disposed||(this.querySet!=null&&this.querySet.destroy(),this.bufferManager.dispose(),this.textureManager.dispose(),this.disposed=!0)}};he.nextDataId=0;var R;(function(r){r[r.ADD=0]="ADD",r[r.ATAN2=1]="ATAN2",r[r.COMPLEX_MULTIPLY_IMAG=2]="COMPLEX_MULTIPLY_IMAG",r[r.COMPLEX_MULTIPLY_REAL=3]="COMPLEX_MULTIPLY_REAL",r[r.DIV=4]="DIV",r[r.ELU_DER=5]="ELU_DER",r[r.EQUAL=6]="EQUAL",r[r.FLOOR_DIV=7]="FLOOR_DIV",r[r.GREATER=8]="GREATER",r[r.GREATER_EQUAL=9]="GREATER_EQUAL",r[r.LESS=10]="LESS",r[r.LESS_EQUAL=11]="LESS_EQUAL",r[r.LOGICAL_AND=12]="LOGICAL_AND",r[r.LOGICAL_OR=13]="LOGICAL_OR",r[r.MAX=14]="MAX",r[r.MIN=15]="MIN",r[r.MOD=16]="MOD",r[r.MUL=17]="MUL",r[r.NOT_EQUAL=18]="NOT_EQUAL",r[r.POW=19]="POW",r[r.PRELU=20]="PRELU",r[r.SQUARED_DIFFERENCE=21]="SQUARED_DIFFERENCE",r[r.SUB=22]="SUB"})(R||(R={}));var go="let resultTemp = a + b;",xo="let resultTemp = atan2(a, b);",Io="let resultTemp = areal * breal - aimag * bimag;",bo="let resultTemp = areal * bimag + aimag * breal;",wo="let resultTemp = a / b;",So="let resultTemp = select(a * (b + 1.0), a, b >= b - b);",Co=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a == b);
`,Ao=`
  let remainder =
      select(a % b, round(a % b), (round(a) == a) & (round(b) == b));
  let quotient = (a - remainder) / b;
  let resultTemp =
      round(select(quotient, quotient - 1, sign(remainder) == -sign(b)));
`,$o=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a > b);
`,Eo=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a >= b);
`,vo=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a < b);
`,yo=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a <= b);
`,Ro="return f32(a >= 1.0 && b >= 1.0);",Po=`return (vec4<f32>(a >= vec4<f32>(1.0)) *
  vec4<f32>(b >= vec4<f32>(1.0)));`,ko="return f32(a >= 1.0 || b >= 1.0);",Bo=`return min(vec4<f32>(a >= vec4<f32>(1.0)) +
  vec4<f32>(b >= vec4<f32>(1.0)), vec4<f32>(1.0));`,_o="let resultTemp = max(a, b);",To="let resultTemp = min(a, b);",Mo=`
  let isNaN = b == 0.;
  var resultTemp = a % b;
  resultTemp = select((resultTemp + b) % b, resultTemp,
      (a < 0. && b < 0.) || (a >= 0. && b > 0.));
`,Lo=`
  let isNaN = !vec4<bool>(b);
  var resultTemp = vec4<f32>(a % b);
  if (!((a[0] < 0. && b[0] < 0.) || (a[0] >= 0. && b[0] > 0.))) {
    resultTemp[0] = (resultTemp[0] + b[0]) % b[0];
  }
  if (!((a[1] < 0. && b[1] < 0.) || (a[1] >= 0. && b[1] > 0.))) {
    resultTemp[1] = (resultTemp[1] + b[1]) % b[1];
  }
  if (!((a[2] < 0. && b[2] < 0.) || (a[2] >= 0. && b[2] > 0.))) {
    resultTemp[2] = (resultTemp[2] + b[2]) % b[2];
  }
  if (!((a[3] < 0. && b[3] < 0.) || (a[3] >= 0. && b[3] > 0.))) {
    resultTemp[3] = (resultTemp[3] + b[3]) % b[3];
  }
`,No="let resultTemp = a * b;",Fo=`
  var resultTemp = f32(a != b);
  let valueForNaN = 1.0;
`,Do=`
  var resultTemp = vec4<f32>(a != b);
  let valueForNaN = 1.0;
`,Uo=`
  let isNaN = a < 0.0 && floor(b) < b;
  if (b == 0.0) {
    return 1.0;
  }
  var resultTemp = select(sign(a) * pow(abs(a), b), pow(abs(a), b),
      round(abs(b) % 2.0) != 1.0);
`,Oo=`
  let isModRound1Bool = vec4<i32>(round(abs(b) % vec4<f32>(2.0))) == vec4<i32>(1);
  let isModRound1 = vec4<f32>(isModRound1Bool);
  let multiplier = sign(a) * isModRound1 + (vec4<f32>(1.0) - isModRound1);
  var resultTemp = multiplier * pow(abs(a), b);

  // Ensure that a^0 = 1, including 0^0 = 1 as this correspond to TF and JS
  let isExpZero = b == vec4<f32>(0.0);
  if (isExpZero.r) {
    resultTemp.r = 1.0;
  }
  if (isExpZero.g) {
    resultTemp.g = 1.0;
  }
  if (isExpZero.b) {
    resultTemp.b = 1.0;
  }
  if (isExpZero.a) {
    resultTemp.a = 1.0;
  }
  let isNaN = (a < vec4<f32>(0.0)) & (floor(b) < b);
`,zo="if (a < 0.0) { return b * a; }  return a;",Go=`
  let aLessThanZero = vec4<f32>(a < vec4<f32>(0.0));
  return (aLessThanZero * (b * a)) + ((vec4<f32>(1.0) - aLessThanZero) * a);
`,Wo="let resultTemp = (a - b) * (a - b);",Vo="let resultTemp = a - b;";function se(r,t){let e;do{switch(r){case R.ATAN2:e=xo;break;case R.MAX:e=_o;break;case R.MIN:e=To;break;case R.MOD:e=t?Lo:Mo;break;case R.NOT_EQUAL:e=t?Do:Fo;break;case R.POW:e=t?Oo:Uo;break;default:continue}let o,s,n;return t?(o="isnanVec4",s="vec4<f32>",n="vec4<bool>"):(o="isnan",s="f32",n="bool"),`
      let aIsNaN = ${o}(a);
      let aPostLegalization = select(a, ${s}(42), aIsNaN);
      let bIsNaN = ${o}(b);
      let bPostLegalization = select(b, ${s}(42), bIsNaN);
      let isNaN = false;
      let valueForNaN = uniforms.NAN;
      {
        let a = aPostLegalization;
        let b = bPostLegalization;
        ${e}
        return select(
            resultTemp, ${s}(valueForNaN),
            ${n}(isNaN) | aIsNaN | bIsNaN);
      }
    `}while(!1);switch(r){case R.ADD:e=go;break;case R.COMPLEX_MULTIPLY_IMAG:e=bo;break;case R.COMPLEX_MULTIPLY_REAL:e=Io;break;case R.DIV:e=wo;break;case R.ELU_DER:e=So;break;case R.EQUAL:e=Co;break;case R.FLOOR_DIV:e=Ao;break;case R.GREATER:e=$o;break;case R.GREATER_EQUAL:e=Eo;break;case R.LESS:e=vo;break;case R.LESS_EQUAL:e=yo;break;case R.LOGICAL_AND:return t?Po:Ro;case R.LOGICAL_OR:return t?Bo:ko;case R.MUL:e=No;break;case R.PRELU:return t?Go:zo;case R.SQUARED_DIFFERENCE:e=Wo;break;case R.SUB:e=Vo;break;default:}return`
    ${e}
    return resultTemp;
  `}var de=class{constructor(t,e,o){this.variableNames=["AReal","AImag","BReal","BImag"],this.workgroupSize=[128,1,1],this.size=!0,this.outputShape=w.assertAndGetBroadcastShape(e,o),this.dispatchLayout=X(this.outputShape),this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize),this.shaderKey=`binaryOpComplex_${t}`,this.op=t}getUserCode(){return`
      fn binaryOpComplex(
          areal : f32, aimag : f32, breal : f32, bimag : f32) -> f32 {
        ${se(this.op,!1)}
      }

      ${M("index")} {
        if(index < uniforms.size) {
          let areal = getARealByOutputIndex(index);
          let aimag = getAImagByOutputIndex(index);
          let breal = getBRealByOutputIndex(index);
          let bimag = getBImagByOutputIndex(index);
          setOutputAtIndex(index, binaryOpComplex(areal, aimag, breal, bimag));
        }
      }
    `}};var fe=class{constructor(t,e,o){if(this.size=!0,this.variableNames=["A","B"],this.outputShape=w.assertAndGetBroadcastShape(e,o),this.dispatchLayout=X(this.outputShape),this.op=t,this.useSharedMemoryWithA=e.length<=1&&o.length>1&&e[0]<128,this.useSharedMemoryWithB=o.length<=1&&e.length>1&&o[0]<128,this.useSharedMemoryWithA||this.useSharedMemoryWithB)this.outputComponent=1,this.variableComponents=[1,1],this.lastDimensionSize=this.useSharedMemoryWithB?o[0]:e[0],this.shaderKey=`binary_${t}_${this.lastDimensionSize}`,this.type="shared",this.workgroupSize=[256,1,1];else{let s=e.length>0&&e[e.length-1]%4===0,n=o.length>0&&o[o.length-1]%4===0;s&&n?(this.outputComponent=4,this.variableComponents=[4,4]):s&&(g.isScalarShape(o)||o[o.length-1]===1)||n&&(g.isScalarShape(e)||e[e.length-1]===1)?(this.outputComponent=4,this.variableComponents=s?[4,1]:[1,4]):(this.outputComponent=1,this.variableComponents=[1,1]),this.type="nonshared",this.shaderKey=`binary_${t}_${this.variableComponents}`,this.workgroupSize=[128,1,1]}this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize,[this.outputComponent,1,1])}getUserCode(){let t,e=this.outputComponent===4?"vec4<f32>":"f32",o=`
    fn binaryOperation(a : ${e}, b : ${e}) -> ${e} {
      ${se(this.op,this.outputComponent===4)}
    };
    `;if(this.type==="shared"){let s=this.lastDimensionSize>1?`coords[${this.outputShape.length-1}]`:"0",n=this.useSharedMemoryWithB?`let a = getAByOutputIndex(index);
          let b = sharedBuf[${s}];`:`let a = sharedBuf[${s}];
          let b = getBByOutputIndex(index);`;t=`
        ${o}
        var<workgroup> sharedBuf : array<f32, ${this.lastDimensionSize}>;
        ${M("index")} {
          // Fill in the shared memory buffer.
          let localIndex = i32(localId.x);
          if(localIndex < ${this.lastDimensionSize}) {
            sharedBuf[localIndex] = f32(${this.useSharedMemoryWithB?"B":"A"}[localIndex]);
          }
          workgroupBarrier();

          if(index < uniforms.size) {
            let coords = getCoordsFromIndex(index);
            ${n}
            setOutputAtIndex(index, binaryOperation(a, b));
          }
        }
        `}else t=`
       ${o}
       ${M("index")} {
         if (index < uniforms.size) {
           let coords = getCoordsFromIndex(index * ${this.outputComponent});
           let a = ${e}(getAByOutputCoords(coords));
           let b = ${e}(getBByOutputCoords(coords));
           setOutputAtIndex(index, binaryOperation(a, b));
         }
       }
       `;return t}};function We(r){let{inputs:t}=r,{x:e}=t;return r.backend.incRef(e.dataId),{dataId:e.dataId,shape:e.shape,dtype:e.dtype}}function ar(r){let{inputs:t,backend:e}=r,{real:o,imag:s}=t,n=e.makeTensorInfo(o.shape,"complex64"),i=e.tensorMap.get(n.dataId),a=We({inputs:{x:o},backend:e}),l=We({inputs:{x:s},backend:e});return i.complexTensorInfos={real:a,imag:l},n}var A;(function(r){r[r.ABS=0]="ABS",r[r.ACOS=1]="ACOS",r[r.ACOSH=2]="ACOSH",r[r.ASIN=3]="ASIN",r[r.ASINH=4]="ASINH",r[r.ATAN=5]="ATAN",r[r.ATANH=6]="ATANH",r[r.CEIL=7]="CEIL",r[r.COS=8]="COS",r[r.COSH=9]="COSH",r[r.ELU=10]="ELU",r[r.ERF=11]="ERF",r[r.EXP=12]="EXP",r[r.EXPM1=13]="EXPM1",r[r.FLOOR=14]="FLOOR",r[r.IS_FINITE=15]="IS_FINITE",r[r.IS_INF=16]="IS_INF",r[r.IS_NAN=17]="IS_NAN",r[r.LINEAR=18]="LINEAR",r[r.LOG=19]="LOG",r[r.LOG1P=20]="LOG1P",r[r.LOGICAL_NOT=21]="LOGICAL_NOT",r[r.NEG=22]="NEG",r[r.RELU=23]="RELU",r[r.RELU6=24]="RELU6",r[r.LEAKYRELU=25]="LEAKYRELU",r[r.RECIPROCAL=26]="RECIPROCAL",r[r.ROUND=27]="ROUND",r[r.RSQRT=28]="RSQRT",r[r.SELU=29]="SELU",r[r.SIGMOID=30]="SIGMOID",r[r.SIGN=31]="SIGN",r[r.SIN=32]="SIN",r[r.SINH=33]="SINH",r[r.SOFTPLUS=34]="SOFTPLUS",r[r.SQRT=35]="SQRT",r[r.SQUARE=36]="SQUARE",r[r.STEP=37]="STEP",r[r.TAN=38]="TAN",r[r.TANH=39]="TANH",r[r.TO_INT=40]="TO_INT"})(A||(A={}));var qo="return abs(a);",Ho=`
  if (abs(a) > 1.) {
    return uniforms.NAN;
  }
  return acos(a);
`,Ko=`
  if (a < 1.) {
    return uniforms.NAN;
  }
  return acosh(a);
`,Qo=`
  if (abs(a) > 1.) {
    return uniforms.NAN;
  }
  return asin(a);
`,jo="return asinh(a);",Yo=`
  if (isnan(a)) {
    return uniforms.NAN;
  }
  return atan(a);
`,Xo=`
  if (abs(a) > 1.) {
    return uniforms.NAN;
  }
  if (a == 1.) {
    return uniforms.INFINITY;
  }
  if (a == -1.) {
    return -uniforms.INFINITY;
  }
  return atanh(a);
`,Zo="return ceil(a);",Jo="return cos(a);",es=`
  let e2x = exp(-a);
  return (e2x + 1.0 / e2x) / 2.0;
`,ts="return exp(a) - 1.0;",rs="if (a >= 0.0) { return a; }  return (exp(a) - 1.0);",os=`
  var resFloat = exp(a) - vec4<f32>(1.0);
  if (a.r >= 0.0) {
    resFloat.r = a.r;
  }
  if (a.g >= 0.0) {
    resFloat.g = a.g;
  }
  if (a.b >= 0.0) {
    resFloat.b = a.b;
  }
  if (a.a >= 0.0) {
    resFloat.a = a.a;
  }
  return resFloat;
`,ss=`
  // Error function is calculated approximately with elementary function.
  // See "Handbook of Mathematical Functions with Formulas,
  // Graphs, and Mathematical Tables", Abramowitz and Stegun.
  let p = ${w.ERF_P};
  let a1 = ${w.ERF_A1};
  let a2 = ${w.ERF_A2};
  let a3 = ${w.ERF_A3};
  let a4 = ${w.ERF_A4};
  let a5 = ${w.ERF_A5};

  let sign = sign(a);
  let absA = abs(a);
  let t = 1.0 / (1.0 + p * absA);
  return sign * (1.0 - (((((a5 * t + a4) * t) + a3) * t + a2) * t + a1) * t * exp(-absA * absA));
`,ns="return exp(a);",is="return floor(a);",as="return f32(!isnan(a) && !isinf(a));",ls="return f32(isinf(a));",us="return f32(isnan(a));",cs="return a;",ps=`if (a < 0.0) { return uniforms.NAN; }
  return log(a);`,ms=`
  if (isnan(a)) { return a; }
  return log(1.0 + a);
`,hs="return f32(!(a >= 1.0));",ds="return -a;",fs="if (a < 0.0) { return uniforms.alpha * a; } return a;",gs=`
  let aLessThanZero = vec4<f32>(a < vec4<f32>(0.0));
  return (aLessThanZero * (uniforms.alpha * a)) + ((vec4<f32>(1.0) - aLessThanZero) * a);
`,xs="return 1.0 / a;",Is="return select(a, 0.0, a < 0.0);",bs="return clamp(a, 0.0, 6.0);",ws="return clamp(a, vec4<f32>(0.0, 0.0, 0.0, 0.0), vec4<f32>(6.0, 6.0, 6.0, 6.0));",Ss=`
  return select(a, vec4<f32>(0.0), a < vec4<f32>(0.0));
`,Cs="return round(a);",As="return inverseSqrt(a);",$s=`
  if (a >= 0.0) {
    return ${w.SELU_SCALE} * a;
  } else {
    return ${w.SELU_SCALEALPHA} * (exp(a) - 1.0);
  }
`,Es="return 1.0 / (1.0 + exp(-1.0 * a));",vs="return sign(a);",ys="return sin(a);",Rs=`
  let e2x = exp(a);
  return (e2x - 1.0 / e2x) / 2.0;
`,Ps=`
  let epsilon = 1.1920928955078125e-7;
  let threshold = log(epsilon) + 2.0;

  let too_large = a > -threshold;
  let too_small = a < threshold;
  let exp_a = exp(a);

  if (too_large) {
    return a;
  } else if (too_small) {
    return exp_a;
  } else {
    return log(exp_a + 1.0);
  }
`,ks="return sqrt(a);",Bs="return a * a;",_s=`
  if (isnan(a)) {
    return a;
  }

  return select(uniforms.stepAlpha, 1.0, a > 0.0);
`,Ts="return tan(a);",Ms=`
  let e2x = exp(-2.0 * abs(a));
  return sign(a) * (1.0 - e2x) / (1.0 + e2x);
`,Ls="return f32(i32((a)));";function J(r,t){switch(r){case A.ABS:return qo;case A.ACOS:return Ho;case A.ACOSH:return Ko;case A.ASIN:return Qo;case A.ASINH:return jo;case A.ATAN:return Yo;case A.ATANH:return Xo;case A.COS:return Jo;case A.COSH:return es;case A.CEIL:return Zo;case A.ELU:return t?os:rs;case A.ERF:return ss;case A.EXP:return ns;case A.EXPM1:return ts;case A.FLOOR:return is;case A.IS_FINITE:return as;case A.IS_INF:return ls;case A.IS_NAN:return us;case A.LINEAR:return cs;case A.LOG:return ps;case A.LOG1P:return ms;case A.LOGICAL_NOT:return hs;case A.NEG:return ds;case A.LEAKYRELU:return t?gs:fs;case A.RECIPROCAL:return xs;case A.RELU:return t?Ss:Is;case A.RELU6:return t?ws:bs;case A.ROUND:return Cs;case A.RSQRT:return As;case A.SELU:return $s;case A.SIGMOID:return Es;case A.SIGN:return vs;case A.SIN:return ys;case A.SINH:return Rs;case A.SOFTPLUS:return Ps;case A.SQRT:return ks;case A.SQUARE:return Bs;case A.STEP:return _s;case A.TAN:return Ts;case A.TANH:return Ms;case A.TO_INT:return Ls;default:throw new Error(`BinaryType ${r} is not implemented!`)}}function lr({opType:r,cpuKernelImpl:t,supportsComplex:e=!1,dtype:o}){return({inputs:s,backend:n})=>{let{a:i,b:a}=s,l=n;if(e&&i.dtype==="complex64"){let p=l.tensorMap.get(i.dataId),m=l.tensorMap.get(a.dataId),f,d;if(r!==R.MUL)[f,d]=[[p.complexTensorInfos.real,m.complexTensorInfos.real],[p.complexTensorInfos.imag,m.complexTensorInfos.imag]].map(h=>{let[x,b]=h,C={dataId:x.dataId,dtype:x.dtype,shape:i.shape},S={dataId:b.dataId,dtype:b.dtype,shape:a.shape},$=new fe(r,i.shape,a.shape);return l.runWebGPUProgram($,[C,S],ce(x.dtype,b.dtype))});else{let h=new de(R.COMPLEX_MULTIPLY_REAL,i.shape,a.shape),x=new de(R.COMPLEX_MULTIPLY_IMAG,i.shape,a.shape),b=[{dataId:p.complexTensorInfos.real.dataId,dtype:p.complexTensorInfos.real.dtype,shape:i.shape},{dataId:p.complexTensorInfos.imag.dataId,dtype:p.complexTensorInfos.imag.dtype,shape:i.shape},{dataId:m.complexTensorInfos.real.dataId,dtype:m.complexTensorInfos.real.dtype,shape:a.shape},{dataId:m.complexTensorInfos.imag.dataId,dtype:m.complexTensorInfos.imag.dtype,shape:a.shape}];f=l.runWebGPUProgram(h,b,"float32"),d=l.runWebGPUProgram(x,b,"float32")}let I=ar({inputs:{real:f,imag:d},backend:l});return l.disposeData(f.dataId),l.disposeData(d.dataId),I}let u=o||ce(i.dtype,a.dtype);if((i.dtype==="string"||a.dtype==="string"||l.shouldExecuteOnCPU([i,a]))&&t!=null){let p=l.tensorMap.get(i.dataId).values,m=l.tensorMap.get(a.dataId).values,f=i.dtype==="string"?w.fromUint8ToStringArray(p):p,d=i.dtype==="string"?w.fromUint8ToStringArray(m):m,[I,h]=t(i.shape,a.shape,f,d,u);return l.makeTensorInfo(h,u,I)}let c=new fe(r,i.shape,a.shape);return l.runWebGPUProgram(c,[i,a],u)}}var dt={};eo(dt,{addImpl:()=>He,bincountImpl:()=>pr,bincountReduceImpl:()=>mr,bitwiseAndImpl:()=>Ke,castImpl:()=>qe,ceilImpl:()=>Qe,concatImpl:()=>hr,equalImpl:()=>je,expImpl:()=>Ye,expm1Impl:()=>Xe,floorDivImpl:()=>Je,floorImpl:()=>Ze,gatherNdImpl:()=>dr,gatherV2Impl:()=>fr,greaterEqualImpl:()=>tt,greaterImpl:()=>et,lessEqualImpl:()=>ot,lessImpl:()=>rt,linSpaceImpl:()=>gr,logImpl:()=>st,maxImpl:()=>xr,maximumImpl:()=>nt,minimumImpl:()=>it,multiplyImpl:()=>xe,negImpl:()=>Ir,notEqualImpl:()=>at,prodImpl:()=>wr,raggedGatherImpl:()=>Cr,raggedRangeImpl:()=>$r,raggedTensorToTensorImpl:()=>yr,rangeImpl:()=>Rr,rsqrtImpl:()=>ut,scatterImpl:()=>Pr,sigmoidImpl:()=>kr,simpleAbsImpl:()=>ur,sliceImpl:()=>Br,sparseFillEmptyRowsImpl:()=>_r,sparseReshapeImpl:()=>Tr,sparseSegmentReductionImpl:()=>Mr,sqrtImpl:()=>Lr,squaredDifferenceImpl:()=>ct,staticRegexReplaceImpl:()=>pt,stridedSliceImpl:()=>Nr,stringNGramsImpl:()=>Fr,stringSplitImpl:()=>Dr,stringToHashBucketFastImpl:()=>Ur,subImpl:()=>ht,tileImpl:()=>Or,topKImpl:()=>Gr,transposeImpl:()=>br,uniqueImpl:()=>Wr});function ye(r,t){Array.isArray(r)||(r=[r]),r.forEach(e=>{e!=null&&g.assert(e.dtype!=="complex64",()=>`${t} does not support complex64 tensors in the CPU backend.`)})}function ur(r){let t=new Float32Array(r.length);for(let e=0;e<r.length;++e)t[e]=Math.abs(r[e]);return t}function k(r){return(t,e,o,s,n)=>{let i=w.assertAndGetBroadcastShape(t,e),a=i.length,l=g.computeStrides(i),u=g.sizeFromShape(i),c=g.getTypedArrayFromDType(n,u),p=t.length,m=e.length,f=g.computeStrides(t),d=g.computeStrides(e),I=w.getBroadcastDims(t,i),h=w.getBroadcastDims(e,i);if(I.length+h.length===0)for(let x=0;x<c.length;++x)c[x]=r(o[x%o.length],s[x%s.length]);else for(let x=0;x<c.length;++x){let b=g.indexToLoc(x,a,l),C=b.slice(-p);I.forEach(y=>C[y]=0);let S=g.locToIndex(C,p,f),$=b.slice(-m);h.forEach(y=>$[y]=0);let v=g.locToIndex($,m,d);c[x]=r(o[S],s[v])}return[c,i]}}function ne(r){let{inputs:t,backend:e}=r,{real:o,imag:s}=t,n=e.data.get(o.dataId).values,i=e.data.get(s.dataId).values,a=e.makeTensorInfo(o.shape,"complex64"),l=e.data.get(a.dataId);return l.complexTensorInfos={real:e.makeTensorInfo(o.shape,"float32",n),imag:e.makeTensorInfo(s.shape,"float32",i)},a}function Re(r,t,e="float32"){if(e==="complex64"){let s=Re(r,t,"float32"),n=Re(r,t,"float32");return ne({inputs:{real:s,imag:n},backend:r})}let o=g.makeZerosTypedArray(g.sizeFromShape(t),e);return r.makeTensorInfo(t,e,o)}function Ve(r){let{inputs:t,backend:e}=r,{x:o}=t;return e.incRef(o.dataId),{dataId:o.dataId,shape:o.shape,dtype:o.dtype}}function cr(r){let{inputs:t,backend:e}=r,{input:o}=t,s=e.data.get(o.dataId).complexTensorInfos.real,n=e.data.get(s.dataId).values;return e.makeTensorInfo(s.shape,s.dtype,n)}function qe(r,t,e,o){if(o==="int32"){let s=Int32Array.from(r);return[t,"int32",s]}if(o==="bool"){let s=g.toTypedArray([0],e),[n,i]=k((a,l)=>a!==l?1:0)(t,[],r,s,"bool");return[i,"bool",n]}throw new Error(`Error in Cast: failed to cast ${e} to ${o}`)}function ge(r){let{inputs:t,backend:e,attrs:o}=r,{x:s}=t,{dtype:n}=o;if(n==="complex64"){if(s.dtype==="complex64")return Ve({inputs:{x:s},backend:e});let c=Re(e,s.shape,s.dtype),p=ge({inputs:{x:s},backend:e,attrs:{dtype:"float32"}}),m=ne({inputs:{real:p,imag:c},backend:e});return e.disposeIntermediateTensorInfo(c),e.disposeIntermediateTensorInfo(p),m}if(s.dtype==="complex64"){let c=cr({inputs:{input:s},backend:e}),p=ge({inputs:{x:c},backend:e,attrs:{dtype:n}});return e.disposeIntermediateTensorInfo(c),p}if(!g.hasEncodingLoss(s.dtype,n)){let c=Ve({inputs:{x:s},backend:e});return{dataId:c.dataId,shape:c.shape,dtype:n}}let i=e.data.get(s.dataId).values,[a,l,u]=qe(i,s.shape,s.dtype,n);return e.makeTensorInfo(a,l,u)}function _(r,t,e,o){return e==null?({inputs:s,backend:n})=>{let{a:i,b:a}=s,l=n;ye([i,a],r);let u=l.data.get(i.dataId).values,c=l.data.get(a.dataId).values,p=i.dtype==="string"?w.fromUint8ToStringArray(u):u,m=i.dtype==="string"?w.fromUint8ToStringArray(c):c,f=o||i.dtype,[d,I]=t(i.shape,a.shape,p,m,f);return l.makeTensorInfo(I,f,d)}:({inputs:s,backend:n})=>{let{a:i,b:a}=s,l=n;if(i.dtype==="complex64"||a.dtype==="complex64"){let u=ge({inputs:{x:i},backend:l,attrs:{dtype:"complex64"}}),c=l.data.get(u.dataId),p=c.complexTensorInfos.real,m=c.complexTensorInfos.imag,f=l.data.get(p.dataId).values,d=l.data.get(m.dataId).values,I=ge({inputs:{x:a},backend:l,attrs:{dtype:"complex64"}}),h=l.data.get(I.dataId),x=h.complexTensorInfos.real,b=h.complexTensorInfos.imag,C=l.data.get(x.dataId).values,S=l.data.get(b.dataId).values,[$,v,y]=e(i.shape,a.shape,f,d,C,S),P=l.makeTensorInfo(y,"float32",$),B=l.makeTensorInfo(y,"float32",v),D=ne({inputs:{real:P,imag:B},backend:l});return l.disposeIntermediateTensorInfo(u),l.disposeIntermediateTensorInfo(I),l.disposeIntermediateTensorInfo(P),l.disposeIntermediateTensorInfo(B),D}else{let u=l.data.get(i.dataId).values,c=l.data.get(a.dataId).values,p=o||i.dtype,[m,f]=t(i.shape,a.shape,u,c,p);return l.makeTensorInfo(f,p,m)}}}function ie(r){return(t,e,o,s,n,i)=>{let a=w.assertAndGetBroadcastShape(t,e),l=g.sizeFromShape(a),u=a.length,c=g.computeStrides(a),p=g.getTypedArrayFromDType("float32",l),m=g.getTypedArrayFromDType("float32",l),f=w.getBroadcastDims(t,a),d=w.getBroadcastDims(e,a),I=w.mergeRealAndImagArrays(o,s),h=w.mergeRealAndImagArrays(n,i),x=t.length,b=g.computeStrides(t),C=e.length,S=g.computeStrides(e);if(f.length+d.length===0)for(let $=0;$<p.length;$++){let v=$%I.length,y=$%h.length,P=r(I[v*2],I[v*2+1],h[y*2],h[y*2+1]);p[$]=P.real,m[$]=P.imag}else for(let $=0;$<p.length;$++){let v=g.indexToLoc($,u,c),y=v.slice(-x);f.forEach(q=>y[q]=0);let P=g.locToIndex(y,x,b),B=v.slice(-C);d.forEach(q=>B[q]=0);let D=g.locToIndex(B,C,S),W=r(I[P*2],I[P*2+1],h[D*2],h[D*2+1]);p[$]=W.real,m[$]=W.imag}return[p,m,a]}}var He=k(((r,t)=>r+t)),Fs=ie(((r,t,e,o)=>({real:r+e,imag:t+o}))),Si=_("Add",He,Fs);function pr(r,t,e,o,s){let n=g.sizeFromShape(o),i=g.makeZerosTypedArray(s,e);for(let a=0;a<r.length;a++){let l=r[a];if(l<0)throw new Error("Input x must be non-negative!");l>=s||(n>0?i[l]+=t[a]:i[l]+=1)}return i}function mr(r,t,e,o=!1){let s=r.shape[0],n=r.shape[1],i=T([s,e],t.dtype);for(let a=0;a<s;a++)for(let l=0;l<n;l++){let u=r.get(a,l);if(u<0)throw new Error("Input x must be non-negative!");u>=e||(o?i.set(1,a,u):t.size>0?i.set(i.get(a,u)+t.get(a,l),a,u):i.set(i.get(a,u)+1,a,u))}return i}var Ke=k(((r,t)=>r&t)),Ri=_(wt,Ke);function F(r){return(t,e,o)=>{let s=g.getArrayFromDType(e,t.length);for(let n=0;n<t.length;++n)s[n]=r(t[n],o);return s}}function Pe(r,t,e){let o=F(t);return V(r,o,e)}function V(r,t,e){return({inputs:o,attrs:s,backend:n})=>{let{x:i}=o;ye(i,r);let a=n,l=a.data.get(i.dataId).values,u;if(i.dtype==="string"){if(!Array.isArray(l))throw new Error("String tensor's value was not an instance of Array");u=w.fromUint8ToStringArray(l)}else u=l;let c=e||i.dtype,p=t(u,c,s);return a.makeTensorInfo(i.shape,c,p)}}var Qe=F(r=>Math.ceil(r)),Ui=V(St,Qe);function hr(r,t,e,o){let s=g.getArrayFromDType(e,g.sizeFromShape(t));if(o&&e!=="string"){let n=0;r.forEach(i=>{let a=g.sizeFromShape(i.shape);s.set(i.vals,n),n+=a})}else{let n=0;r.forEach(i=>{let a=e==="string"?w.fromUint8ToStringArray(i.vals):i.vals,l=0;for(let u=0;u<i.shape[0];++u){let c=u*t[1]+n;for(let p=0;p<i.shape[1];++p)s[c+p]=a[l++]}n+=i.shape[1]})}return s}var je=k((r,t)=>r===t?1:0),Hi=_(Ct,je,null,"bool");var Ye=F(r=>Math.exp(r)),Xi=V("Exp",Ye,"float32");var Xe=F(r=>Math.expm1(r)),ra=V(At,Xe);var Ze=F(r=>Math.floor(r)),aa=V($t,Ze);var Je=k((r,t)=>Math.floor(r/t)),ma=_(Et,Je,null,"int32");function dr(r,t,e,o,s,n,i,a,l){let u=T([o,n],e);for(let c=0;c<o;c++){let p=[],m=0;for(let f=0;f<s;f++){let d=r[c*s+f];m+=d*i[f],p.push(d)}if(m<0||m>=l/n)throw new Error(`Invalid indices: ${p} does not index into ${a}`);for(let f=0;f<n;f++)u.values[c*n+f]=t.get(...t.indexToLoc(m*n+f))}return u}function fr(r,t,e){let o=T(e,r.dtype);for(let s=0;s<o.size;++s){let i=o.indexToLoc(s).slice(),a=i[0],l=i[2],u=t.locToIndex([a,l]);i[2]=t.values[u];let c=r.locToIndex(i);0<=c&&c<r.values.length&&(o.values[s]=r.values[c])}return o}var et=k((r,t)=>r>t?1:0),Sa=_(vt,et,null,"bool");var tt=k((r,t)=>r>=t?1:0),va=_(yt,tt,null,"bool");var rt=k((r,t)=>r<t?1:0),Ba=_(Rt,rt,null,"bool");var ot=k((r,t)=>r<=t?1:0),Na=_(Pt,ot,null,"bool");function gr(r,t,e){let o=(t-r)/(e-1),s=g.makeZerosTypedArray(e,"float32");s[0]=r;for(let n=1;n<s.length;n++)s[n]=s[n-1]+o;return s}var st=F(r=>Math.log(r)),Wa=V("Log",st);function xr(r,t,e,o){let s=g.getTypedArrayFromDType(o,g.sizeFromShape(e));for(let n=0;n<s.length;++n){let i=n*t,a=r[i];for(let l=0;l<t;++l){let u=r[i+l];(Number.isNaN(u)||u>a)&&(a=u)}s[n]=a}return s}var nt=k(((r,t)=>Math.max(r,t))),Ya=_(kt,nt);var it=k(((r,t)=>Math.min(r,t))),tl=_(Bt,it);var xe=k(((r,t)=>r*t)),Ds=ie(((r,t,e,o)=>({real:r*e-t*o,imag:r*o+t*e}))),il=_(_t,xe,Ds);function Ir(r,t,e){let o=g.createScalarValue(-1,e);return xe([],t,o,r,e)}var at=k(((r,t)=>r!==t?1:0)),fl=_(Tt,at,null,"bool");function br(r,t,e,o,s){let n=t.length,i=g.sizeFromShape(t),a=g.computeStrides(t),l=g.computeStrides(s),u=g.getTypedArrayFromDType(e,g.sizeFromShape(s));for(let c=0;c<i;++c){let p=g.indexToLoc(c,n,a),m=new Array(p.length);for(let d=0;d<m.length;d++)m[d]=p[o[d]];let f=g.locToIndex(m,n,l);u[f]=r[c]}return u}function wr(r,t,e,o){let[s,n]=w.computeOutAndReduceShapes(r,o),i=ce(t,"int32"),a=g.makeZerosTypedArray(g.sizeFromShape(s),i),l=g.sizeFromShape(n);for(let u=0;u<a.length;++u){let c=u*l,p=1;for(let m=0;m<l;++m)p*=e[c+m];a[u]=p}return{outVals:a,outShape:s,outDtype:i}}function Us(r,t,e){r.forEach((o,s)=>{if(o<0||o>=e){let n=g.indexToLoc(s,t.length,g.computeStrides(t)).join(",");throw new Error(`indices[${n}] = ${o} is not in [0, ${e})`)}})}function Os(r,t){for(let e=0;e<r.length;++e){let o=r[e],s=e===r.length-1?t:r[e+1].length;if(o.length===0)throw new Error("Ragged splits may not be empty");if(o[0]<0)throw new Error("Ragged splits must be non-negative");if(o[o.length-1]>s)throw new Error("Ragged splits must not point past values");for(let n=1;n<o.length;++n)if(o[n-1]>o[n])throw new Error("Ragged splits must be sorted in ascending order")}}function zs(r,t,e,o){let s=[],n=0,i=t.length-1+e.length,a=new Array(i).fill(null).map(()=>[0]);Os(e,o);let l=1;for(let u=0;u<t.length-1;++u){l*=t[u];let c=t[u+1];for(let p=1;p<l+1;++p)a[u].push(p*c)}for(let u=0;u<r.length;++u){let c=r[u],p=r[u]+1;for(let m=0;m<e.length;++m){let f=e[m],d=m+t.length-1;if(d>=0){let I=a[d],h=I[I.length-1]-f[c];for(let x=c;x<p;++x)a[d].push(f[x+1]+h)}c=f[c],p=f[p]}p!==c&&(s.push([c,p]),n+=p-c)}return{outSplits:a,valueSlices:s,numValues:n}}function Gs(r){let t=[];for(let e=0;e<r.length;++e){let o=r[e].length,s=g.getArrayFromDType("int32",o);t.push(s),r[e].forEach((n,i)=>s[i]=n)}return t}function Sr(r,t){let e=r.slice(0,t);for(;e.length<t;)e.push(1);for(let o=t;o<r.length;o++)e[t-1]*=r[o];return e}function Ws(r,t,e,o,s,n){let i=Sr(t,2)[1],a=Sr(n,2)[1],l=0;for(let u of e)for(let c=u[0];c<u[1];++c){for(let p=0;p<o;++p)s[l*a+p]=r[c*i+p];++l}}function Vs(r,t,e,o,s){let n=t.slice();n[0]=s;let i=g.getArrayFromDType(e,g.sizeFromShape(n)),a=r.length,l=a===0?0:a/t[0];return Ws(r,t,o,l,i,n),[i,n]}function Cr(r,t,e,o,s,n,i,a){if(r.length===0)throw new Error("paramsNestedSplits must be non empty");if(t[0].length===0)throw new Error("Split tensors must not be scalars");let l=t[0][0]-1;if(Us(n,i,l),o.length===0)throw new Error("params.rank must be nonzero");let u=o[0],{outSplits:c,valueSlices:p,numValues:m}=zs(n,i,r,u),f=Gs(c),d=Vs(e,o,s,p,m);return[f,d[0],d[1]]}var Ar=2147483647;function $r(r,t,e,o,s,n,i){if(t.length>1)throw new Error("starts must be a scalar or vector");if(s.length>1)throw new Error("limits must be a scalar or vector");if(i.length>1)throw new Error("deltas must be a scalar or vector");let a=t.length===0,l=s.length===0,u=i.length===0,c=[];a||c.push(t[0]),l||c.push(s[0]),u||c.push(i[0]);for(let h=1;h<c.length;++h)if(c[h]!==c[h-1])throw new Error("starts, limits, and deltas must have the same shape");let p=c.length===0?1:c[0],m=g.getArrayFromDType("int32",p+1);m[0]=0;for(let h=0;h<p;++h){let x=a?r[0]:r[h],b=l?o[0]:o[h],C=u?n[0]:n[h];if(C===0)throw new Error("Requires delta != 0");let S;if(C>0&&b<x||C<0&&b>x)S=0;else if(S=Math.ceil(Math.abs((b-x)/C)),S>Ar)throw new Error(`Requires ((limit - start) / delta) <= ${Ar}`);m[h+1]=m[h]+S}let f=m[p],d=g.getArrayFromDType(e,f),I=0;for(let h=0;h<p;++h){let x=m[h+1]-m[h],b=a?r[0]:r[h],C=u?n[0]:n[h];for(let S=0;S<x;++S)d[I++]=b,b+=C}return[m,d]}var K=w.RowPartitionType,lt=class r{constructor(t,e,o,s,n,i,a,l,u,c){this.shape=t,this.shapeShape=e,this.values=o,this.valuesShape=s,this.valuesDType=n,this.defaultValue=i,this.defaultValueShape=a,this.rowPartitionValues=l,this.rowPartitionValuesShapes=u,this.rowPartitionTypes=w.getRowPartitionTypesHelper(c),this.raggedRank=w.getRaggedRank(this.rowPartitionTypes)}getRowPartitionTypeByDimension(t){return this.rowPartitionTypes[0]===K.FIRST_DIM_SIZE?this.rowPartitionTypes[t+1]:this.rowPartitionTypes[t]}getRowPartitionTensor(t){return this.rowPartitionTypes[0]===K.FIRST_DIM_SIZE?this.rowPartitionValues[t+1]:this.rowPartitionValues[t]}getMaxWidth(t){let e=this.getRowPartitionTensor(t-1);switch(this.getRowPartitionTypeByDimension(t-1)){case K.VALUE_ROWIDS:return r.getMaxWidthValueRowID(e);case K.ROW_SPLITS:return r.getMaxWidthRowSplit(e);default:throw new Error(`Cannot handle partition type ${K[this.getRowPartitionTypeByDimension(t-1)]}`)}}static getMaxWidthRowSplit(t){let e=t.length;if(e===0||e===1)return 0;let o=0;for(let s=0;s<e-1;++s){let n=t[s+1]-t[s];n>o&&(o=n)}return o}static getMaxWidthValueRowID(t){let e=t.length;if(e===0)return 0;let o=0,s=t[0],n=0;for(let i=1;i<e;++i){let a=t[i];a!==s&&(s=a,n=Math.max(i-o,n),o=i)}return Math.max(e-o,n)}tensorShapeFromTensor(t,e,o=!0){if(e.length===0){if(t[0]===-1)return[];throw new Error("The only valid scalar shape tensor is the fully unknown shape specified as -1.")}return vr(t,o)}calculateOutputSize(t){let e=this.valuesShape,o=this.defaultValueShape;w.validateDefaultValueShape(o,e);let s=this.tensorShapeFromTensor(this.shape,this.shapeShape),i=w.combineRaggedTensorToTensorShapes(this.raggedRank,s,e);i[0]<0&&(i[0]=t);for(let a=1;a<=this.raggedRank;++a)i[a]<0&&(i[a]=this.getMaxWidth(a));return i}calculateFirstParentOutputIndex(t,e,o){let s=Math.min(t,o),n=[],i=0;for(let a=0;a<s;++a,i+=e)n.push(i);for(let a=s;a<t;++a)n.push(-1);return g.assert(n.length===t,()=>"Final length of result must be equal to firstDimension."),n}calculateOutputIndexRowSplit(t,e,o,s){let n=t.length,i=[];for(let a=0;a<n-1;++a){let l=t[a+1]-t[a],u=Math.min(s,l),c=e[a];c===-1&&(u=0);for(let p=0;p<u;++p)i.push(c),c+=o;for(let p=0;p<l-u;++p)i.push(-1)}if(n>0&&i.length!==t[n-1])throw new Error("Invalid row split size.");return i}calculateOutputIndexValueRowID(t,e,o,s){let n=t.length,i=[];if(n===0)return[];let a=0,l=t[0];if(l>=e.length)throw new Error(`Got currentValueRowId=${l}, which is not less than ${e.length}`);let u=e[l];i.push(u);for(let c=1;c<n;++c){let p=t[c];if(p===l)u>=0&&(++a,a<s?u+=o:u=-1);else{if(a=0,l=p,p>=e.length)throw new Error(`Got nextValueRowId=${p} which is not less than ${e.length}`);u=e[p]}i.push(u)}if(i.length!==t.length)throw new Error("Invalid row ids.");return i}calculateOutputIndex(t,e,o,s){let n=this.getRowPartitionTensor(t),i=this.getRowPartitionTypeByDimension(t);switch(i){case K.VALUE_ROWIDS:return this.calculateOutputIndexValueRowID(n,e,o,s);case K.ROW_SPLITS:if(n.length-1>e.length)throw new Error(`Row partition size is greater than output size: ${n.length-1} > ${e.length}`);return this.calculateOutputIndexRowSplit(n,e,o,s);default:throw new Error(`Unsupported partition type: ${K[i]}`)}}getFirstDimensionSize(){let t=this.rowPartitionValues[0];if(this.rowPartitionTypes.length===0)throw new Error("No row_partition_types given.");let e=this.rowPartitionTypes[0];switch(e){case K.FIRST_DIM_SIZE:return t[0];case K.VALUE_ROWIDS:throw new Error("Cannot handle VALUE_ROWIDS in first dimension.");case K.ROW_SPLITS:return this.rowPartitionValuesShapes[0][0]-1;default:throw new Error(`Cannot handle type ${K[e]}`)}}compute(){if(this.rowPartitionValues[0].length<=0)throw new Error("Invalid first partition input. Tensor requires at least one element.");let e=this.getFirstDimensionSize(),o=this.calculateOutputSize(e),s=new Array(this.raggedRank+1);s[s.length-1]=1;for(let l=s.length-2;l>=0;--l)s[l]=s[l+1]*o[l+1];let n=vr(o,!1),i=g.getArrayFromDType(this.valuesDType,g.sizeFromShape(n));if(s[0]*o[0]>0){let l=this.calculateFirstParentOutputIndex(e,s[0],o[0]);for(let u=1;u<=this.raggedRank;++u)l=this.calculateOutputIndex(u-1,l,s[u],o[u]);this.setOutput(this.raggedRank,l,i,n)}return[n,i]}setOutput(t,e,o,s){if(o.length===0)return;let n=this.values,i=o,a=s.slice();a=a.slice(t+1);let l=g.sizeFromShape(a),u=e.length,c=this.defaultValue;if(c.length!==l&&c.length!==1){let d=this.defaultValueShape;zt(()=>{let I=Vt(c,d);c=qt(I,a).dataSync()})}let p=0,m=0,f=0;for(let d=0;d<=u;++d){let I=d<u?e[d]:-1;if(I===f){++f;continue}if(m<f){let h=n.subarray(p*l),x=i.subarray(m*l),b=(f-m)*l;Er(x,h,b)}if(d>=u){let h=o.length;I=Math.floor(h/l)}if(I>f)if(this.defaultValue.length===1)i.subarray(f*l,I*l).fill(this.defaultValue[0]),f=I;else for(;I>f;){let h=i.slice(f*l);Er(h,c,l),++f}I<0?(p=d+1,m=f):(p=d,m=f,f=m+1)}}};function Er(r,t,e){for(let o=0;o<e;o++)r[o]=t[o]}function vr(r,t){let e=[];for(let o of r){if(o<0){if(!t)throw new Error(`Dimension ${o} must be >= 0`);if(o<-1)throw new Error(`Dimension ${o} must be >= -1`);o=-1}e.push(o)}return e}function yr(r,t,e,o,s,n,i,a,l,u){return new lt(r,t,e,o,s,n,i,a,l,u).compute()}function Rr(r,t,e,o){let s=r===t,n=r<t&&e<0,i=t<r&&e>1;if(s||n||i)return g.makeZerosTypedArray(0,o);let a=Math.abs(Math.ceil((t-r)/e)),l=g.makeZerosTypedArray(a,o);t<r&&e===1&&(e=-1),l[0]=r;for(let u=1;u<l.length;u++)l[u]=l[u-1]+e;return l}var ut=F(r=>1/Math.sqrt(r)),Tl=V(Mt,ut);function Pr(r,t,e,o,s,n,i,a,l,u){let c=[o/s,s],p=r.values,m=t.values;if(o===0)return T(e,t.dtype);let f=l instanceof ue?l:T(c,t.dtype);typeof l=="string"||typeof l=="number"?f.values.fill(l):typeof l=="boolean"&&f.values.fill(+l);for(let d=0;d<n;d++){let I=[],h=0;for(let x=0;x<i;x++){let b=p[d*i+x];I.push(b),h+=b*a[x]}if(h<0||h>=o/s)throw new Error(`Invalid indices: ${I} does not index into ${e}`);for(let x=0;x<s;x++)u?f.values[h*s+x]+=m[d*s+x]:f.values[h*s+x]=t.rank===0?m[0]:m[d*s+x]}return f}var kr=F(r=>1/(1+Math.exp(-r))),Ol=Pe(Lt,r=>1/(1+Math.exp(-r)));function Br(r,t,e,o,s){let n=Oe.isSliceContinous(o,t,e),i=g.sizeFromShape(e),a=g.computeStrides(o);if(n){let p=Oe.computeFlatOffset(t,a);return s==="string"?r.slice(p,p+i):r.subarray(p,p+i)}let l=s==="string"?w.fromUint8ToStringArray(r):r,u=T(o,s,l),c=T(e,s);for(let p=0;p<c.size;++p){let m=c.indexToLoc(p),f=m.map((d,I)=>d+t[I]);c.set(u.get(...f),...m)}return s==="string"?w.fromStringArrayToUint8(c.values):c.values}function _r(r,t,e,o,s,n,i){let a=t[0],l=n[0],u=new Array(l),c=new Array(a),p=t[1];if(l===0){if(a!==0)throw new Error(w.getSparseFillEmptyRowsIndicesDenseShapeMismatch(a));let h=g.getArrayFromDType(e,0),x=g.getArrayFromDType(s,0);return[h,[0,p],x,u,c]}let m=!0,f=0,d=new Array(l).fill(0);for(let h=0;h<a;++h){let x=r[h*p];if(x<0)throw new Error(w.getSparseFillEmptyRowsNegativeIndexErrorMessage(h,x));if(x>=l)throw new Error(w.getSparseFillEmptyRowsOutOfRangeIndexErrorMessage(h,x,l));++d[x],m=m&&x>=f,f=x}let I=!0;for(let h=0;h<l;++h){let x=d[h]===0;u[h]=x,I=I&&!x,d[h]=Math.max(d[h],1),h>0&&(d[h]+=d[h-1])}if(I&&m){let h=r,x=o;for(let b=0;b<a;++b)c[b]=b;return[h,[a,p],x,u,c]}else{let h=d[l-1],x=g.getArrayFromDType(e,h*p),b=g.getArrayFromDType(s,h),C=new Array(l).fill(0);for(let S=0;S<a;++S){let $=r[S*p],v=C[$],y=($===0?0:d[$-1])+v;C[$]++;for(let P=0;P<p;++P)x[y*p+P]=r[S*p+P];b[y]=o[S],c[S]=y}for(let S=0;S<l;++S)if(C[S]===0){let v=S===0?0:d[S-1];x[v*p+0]=S;for(let y=1;y<p;++y)x[v*p+y]=0;b[v]=i}return[x,[h,p],b,u,c]}}function Tr(r,t,e,o,s){let n=g.sizeFromShape(o),i=t[0],a=s.length,l=[],u=1,c=-1;for(let h=0;h<a;++h){let x=s[h];if(x===-1){if(c!==-1)throw new Error(w.getSparseReshapeMultipleNegativeOneOutputDimErrorMessage(c,h));c=h,l.push(1)}else{if(x<0)throw new Error(w.getSparseReshapeNegativeOutputDimErrorMessage(h,x));u*=x,l.push(x)}}if(c!==-1){if(u<=0)throw new Error(w.getSparseReshapeEmptyTensorZeroOutputDimErrorMessage());let h=Math.trunc(n/u);if(u*h!==n)throw new Error(w.getSparseReshapeInputOutputMultipleErrorMessage(o,l));l[c]=h}if(g.sizeFromShape(l)!==n)throw new Error(w.getSparseReshapeInputOutputMismatchErrorMessage(o,l));let m=o.length,f=[];if(m>0){f[m-1]=1;for(let h=m-2;h>=0;--h)f[h]=f[h+1]*o[h+1]}let d=[];if(a>0){d[a-1]=1;for(let h=a-2;h>=0;--h)d[h]=d[h+1]*l[h+1]}let I=g.getArrayFromDType(e,i*a);for(let h=0;h<i;++h){let x=0;for(let b=0;b<m;++b)x+=r[h*m+b]*f[b];for(let b=0;b<a;++b)I[h*a+b]=Math.trunc(x/d[b]),x%=d[b]}return[I,[i,a],l]}function Mr(r,t,e,o,s,n=!1,i=0){let a=o.length,l=[t[0],r.length/t[0]],u=l[1],p=a>0?s[a-1]+1:0;if(p<0)throw new Error(w.getSparseSegmentReductionNegativeSegmentIdsErrorMessage());let m=t.slice();m[0]=p;let f=m.reduce((C,S)=>C*S,1),d=g.getArrayFromDType(e,f);if(a===0)return p>0&&d.fill(i),[d,m];if(p<=0)throw new Error(w.getSparseSegmentReductionNegativeSegmentIdsErrorMessage());let I=0,h=1,x=0,b=s[I];for(;;){let C=0;if(h<a){if(C=s[h],b===C){++h;continue}if(b>=C)throw new Error(w.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage())}if(b<0||b>=p)throw new Error(w.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage(b,p));b>x&&d.fill(i,x*u,b*u);for(let S=I;S<h;++S){let $=o[S];if($<0||$>=l[0])throw new Error(w.getSparseSegmentReductionIndicesOutOfRangeErrorMessage(S,o[S],l[0]));for(let v=0;v<u;v++)d[b*u+v]+=r[$*u+v]}if(n)for(let S=0;S<u;S++)d[b*u+S]/=h-I;if(I=h,++h,x=b+1,b=C,h>a)break}return x<p&&d.fill(i,x*u,p*u),[d,m]}var Lr=F(r=>Math.sqrt(r)),eu=Pe(Nt,r=>Math.sqrt(r));var ct=k(((r,t)=>{let e=r-t;return e*e})),nu=_(Ft,ct);var pt=F((r,t)=>{let{pattern:e,replaceGlobal:o,rewrite:s}=t;return r.replace(new RegExp(e,o?"g":""),s)}),cu=V(Dt,pt);function Nr(r,t,e,o){let s=T(r,t.dtype);for(let n=0;n<s.size;n++){let i=s.indexToLoc(n),a=new Array(i.length);for(let l=0;l<a.length;l++)a[l]=i[l]*e[l]+o[l];s.set(t.get(...a),...i)}return s}var mt=class{constructor(t,e,o,s,n,i){this.separator=g.encodeString(t),this.nGramWidths=e,this.leftPad=g.encodeString(o),this.rightPad=g.encodeString(s),this.padWidth=n,this.preserveShort=i}getPadWidth(t){return Math.min(this.padWidth<0?t-1:this.padWidth,t-1)}getNumNGrams(t,e){let o=this.getPadWidth(e);return Math.max(0,t+2*o-e+1)}createNGrams(t,e,o,s,n,i){for(let a=0;a<n;++a){let l=this.getPadWidth(i),u=Math.max(0,l-a),c=Math.max(0,l-(n-(a+1))),p=i-(u+c),m=e+(u>0?0:a-l),f=0;f+=u*this.leftPad.length;for(let b=0;b<p;++b)f+=t[m+b].length;f+=c*this.rightPad.length;let d=u+c+p-1;f+=d*this.separator.length,o[s+a]=new Uint8Array(f);let I=o[s+a],h=0,x=b=>b.forEach(C=>I[h++]=C);for(let b=0;b<u;++b)x(this.leftPad),x(this.separator);for(let b=0;b<p-1;++b)x(t[m+b]),x(this.separator);if(p>0){x(t[m+p-1]);for(let b=0;b<c;++b)x(this.separator),x(this.rightPad)}else{for(let b=0;b<c-1;++b)x(this.rightPad),x(this.separator);x(this.rightPad)}}}compute(t,e){let o=t.length,s=e.length;if(s>0){let l=e[0];if(l!==0)throw new Error(`First split value must be 0, got ${l}`);for(let u=1;u<s;++u){let c=e[u]>=l;if(c=c&&e[u]<=o,!c)throw new Error(`Invalid split value ${e[u]}, must be in [${l}, ${o}]`);l=e[u]}if(l!==o)throw new Error(`Last split value must be data size. Expected ${o}, got ${l}`)}let n=s-1,i=g.getArrayFromDType("int32",s);if(o===0||s===0){let l=new Array(o);for(let u=0;u<=n;++u)i[u]=0;return[l,i]}i[0]=0;for(let l=1;l<=n;++l){let u=e[l]-e[l-1],c=0;this.nGramWidths.forEach(p=>{c+=this.getNumNGrams(u,p)}),this.preserveShort&&u>0&&c===0&&(c=1),i[l]=i[l-1]+c}let a=new Array(i[n]);for(let l=0;l<n;++l){let u=e[l],c=i[l];if(this.nGramWidths.forEach(p=>{let m=e[l+1]-e[l],f=this.getNumNGrams(m,p);this.createNGrams(t,u,a,c,f,p),c+=f}),this.preserveShort&&c===i[l]){let p=e[l+1]-e[l];if(p===0)continue;let m=p+2*this.padWidth;this.createNGrams(t,u,a,c,1,m)}}return[a,i]}};function Fr(r,t,e,o,s,n,i,a){return new mt(e,o,s,n,i,a).compute(r,t)}function qs(r,t,e,o){if(!r.length)return;if(t.length===0){for(let n=0;n<r.length;++n)o.push(r.subarray(n,n+1));return}if(t.length===1){let n=t[0],i=r.indexOf(n);for(;i!==-1;){let a=r.subarray(0,i);(!e||a.length!==0)&&o.push(a),r=r.subarray(i+1),i=r.indexOf(n)}(!e||r.length!==0)&&o.push(r);return}let s=0;for(let n=0;n<r.length+1;n++)if(n===r.length||t.indexOf(r[n])!==-1){let i=r.subarray(s,n);(!e||i.length!==0)&&o.push(i),s=n+1}}function Dr(r,t,e){let o=r.length,s=[],n=0,i=0,a=new Array(o);for(let m=0;m<o;++m){let f=s.length;qs(r[m],t,e,s);let d=s.length-f;a[m]=d,n+=d,i=Math.max(i,d)}let l=g.getArrayFromDType("int32",n*2),u=new Array(n),c=[o,i],p=0;for(let m=0;m<o;++m)for(let f=0;f<a[m];++f)l[p*2]=m,l[p*2+1]=f,u[p]=s[p],++p;return[l,u,c]}function Ur(r,t){let e=g.getArrayFromDType("int32",r.length);for(let o=0;o<r.length;++o)e[o]=g.fingerPrint64(r[o]).modulo(t).getLowBitsUnsigned();return e}var ht=k(((r,t)=>r-t)),Hs=ie(((r,t,e,o)=>({real:r-e,imag:t-o}))),Au=_("Sub",ht,Hs);function Or(r,t){let e=new Array(r.rank);for(let s=0;s<e.length;s++)e[s]=r.shape[s]*t[s];let o=T(e,r.dtype);for(let s=0;s<o.values.length;++s){let n=o.indexToLoc(s),i=new Array(r.rank);for(let l=0;l<i.length;l++)i[l]=n[l]%r.shape[l];let a=r.locToIndex(i);o.values[s]=r.values[a]}return o}var Ie=(r,t)=>{let e=t.value-r.value;return e===0?r.index-t.index:e};function zr(r,t,e=0,o=r.length-1){for(;o>e;){if(o-e>600){let a=o-e+1,l=t-e+1,u=Math.log(a),c=.5*Math.exp(2*u/3),p=.5*Math.sqrt(u*c*(a-c)/a)*Math.sign(l-a/2),m=Math.max(e,Math.floor(t-l*c/a+p)),f=Math.min(o,Math.floor(t+(a-l)*c/a+p));zr(r,t,m,f)}let s=r[t],n=e,i=o;for(g.swap(r,e,t),Ie(r[o],s)>0&&g.swap(r,e,o);n<i;){for(g.swap(r,n,i),n++,i--;Ie(r[n],s)<0;)n=n+1;for(;Ie(r[i],s)>0;)i=i-1}Ie(r[e],s)===0?g.swap(r,e,i):(i=i+1,g.swap(r,i,o)),i<=t&&(e=i+1),t<=i&&(o=i-1)}}function Gr(r,t,e,o,s){let n=t[t.length-1],[i,a]=[r.length/n,n],l=g.getTypedArrayFromDType(e,i*o),u=g.getTypedArrayFromDType("int32",i*o);for(let p=0;p<i;p++){let m=p*a,f=r.subarray(m,m+a),d=new Array(f.length);f.forEach((b,C)=>d[C]={value:b,index:C}),o<d.length&&(zr(d,o),d=d.slice(0,o)),s&&d.sort(Ie);let I=p*o,h=l.subarray(I,I+o),x=u.subarray(I,I+o);for(let b=0;b<o;b++)h[b]=d[b].value,x[b]=d[b].index}let c=t.slice();return c[c.length-1]=o,[T(c,e,l),T(c,"int32",u)]}function Wr(r,t,e,o){let s=g.parseAxisParam(t,e)[0],n=[1,e[0],1];for(let d=0;d<s;d++)n[0]*=e[d];n[1]=e[s];for(let d=s+1;d<e.length;d++)n[2]*=e[d];let i=new Map,a=new Int32Array(e[s]),l=new ue(n,o,r),u=[],c=n[0]===1&&n[2]===1;for(let d=0;d<e[s];d++){let I;if(c)I=r[d].toString();else{let x=[];for(let b=0;b<n[0];b++)for(let C=0;C<n[2];C++)x.push(l.get(b,d,C));I=x.join(",")}let h=i.get(I);if(h!=null)a[d]=h;else{let x=i.size;i.set(I,x),a[d]=x,u.push(d)}}let p=n.slice();p[1]=i.size;let m=new ue(p,o);u.forEach((d,I)=>{for(let h=0;h<n[0];h++)for(let x=0;x<n[2];x++)m.set(l.get(h,d,x),h,I,x)});let f=e.slice();return f[s]=p[1],{outputValues:m.values,outputShape:f,indices:a}}var{addImpl:Vr,castImpl:yc,ceilImpl:Rc,concatImpl:Pc,equalImpl:kc,expImpl:Bc,expm1Impl:_c,floorImpl:Tc,floorDivImpl:Mc,gatherNdImpl:Lc,gatherV2Impl:Nc,greaterEqualImpl:Fc,greaterImpl:Dc,lessEqualImpl:Uc,lessImpl:Oc,logImpl:zc,maxImpl:Gc,maximumImpl:Wc,minimumImpl:Vc,multiplyImpl:qc,negImpl:Hc,notEqualImpl:Kc,prodImpl:Qc,rangeImpl:jc,rsqrtImpl:Yc,scatterImpl:Xc,simpleAbsImpl:Zc,sliceImpl:Jc,stridedSliceImpl:ep,stringNGramsImpl:tp,subImpl:rp,tileImpl:op,topKImpl:sp,transposeImpl:np,uniqueImpl:ip}=dt;var Ks=lr({opType:R.ADD,cpuKernelImpl:Vr,supportsComplex:!0}),qr={kernelName:"Add",backendName:"webgpu",kernelFunc:Ks};function Q(r,t=!1,e=!1,o=3){if(r===null)return"";let s="";if(r==="linear")s=J(A.LINEAR);else if(r==="relu")s=J(A.RELU,e);else if(r==="elu")s=J(A.ELU,e);else if(r==="relu6")s=J(A.RELU6,e);else if(r==="prelu")s=se(R.PRELU,e);else if(r==="sigmoid")s=J(A.SIGMOID,e);else if(r==="leakyrelu")s=J(A.LEAKYRELU,e);else throw new Error(`Activation ${r} has not been implemented for the WebGPU backend.`);let i=E(e?4:1),a="";return t?a=`
      fn activation(a : ${i}, coords : vec${o}<i32>) -> ${i} {
        let b = getPreluActivationWeightsByOutputCoords(coords);
        ${s}
      }`:a=`
      fn activation(a : ${i}, coords : vec${o}<i32>) -> ${i} {
        ${s}
      }`,a}function ee(r,t){return`
      ${r?"value = value + getBiasByOutputCoords(coords);":""}
      ${t?"value = activation(value, coords);":""}
      `}function ft(r,t,e=!1,o=!1,s=!1,n=1){g.assert(r&&n===1||!r,()=>`transposeA ${r} is not compatible with component size ${n}`);let i=`
      ${r?"value = getA(batch, col, row);":"value = getA(batch, row, col);"}

    `,a=t?"value = getB(batch, col, row);":"value = getB(batch, row, col);";return`
  fn mm_readA(batch: i32, row: i32, col: i32) -> ${E(n)} {
    var value = ${E(n)}(0.0);
    ${e&&s?i:`
    ${r?"if(row < uniforms.dimAOuter && col < uniforms.dimInner)":"if(row < uniforms.aShape[1] && col < uniforms.aShape[2])"}
    {
      ${i}
    }
    `}
    return value;
  }

  fn mm_readB(batch: i32, row: i32, col: i32) -> ${E(n)} {
    var value = ${E(n)}(0.0);
    ${a}
    return value;
  }
  `}function be(r,t,e,o,s=!1,n=!1,i=!1,a=1){return`
  ${ft(e,o,s,n,i,a)}
  fn mm_write(batch: i32, row: i32, col: i32, valueIn: ${E(a)}) {
    ${s&&n?"":"if (row < uniforms.dimAOuter && col < uniforms.dimBOuter)"}
    {
      var value = valueIn;
      let coords = vec3<i32>(batch, row, col);
      ${ee(r,t)}
      setOutputAtCoords(coords[0], coords[1], coords[2], value);
    }
  }
  `}var Qs=(r,t)=>r?`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          kStart + inputRow,
          globalRowStart + inputCol * ${t});
        `:`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          globalRow + innerRow,
          kStart + inputCol * ${t});
        `,js=(r,t,e,o)=>{if(r)return`
      for (var k = 0; k < ${o}; k++) {
        let BCached0 = mm_Bsub[k][tileCol];
        let ACached0 = mm_Asub[k][localRow];
        for (var i = 0; i < ${e}; i++) {
          acc[i] = fma(BCached0, vec4<f32>(ACached0[i]), acc[i]);
        }
      }`;{let s="",n="";for(let i=0;i<t;i++)s+=`let BCached${i} = mm_Bsub[k * ${t} + ${i}][tileCol];`,n+=`acc[i] = fma(BCached${i}, vec4<f32>(ACached[${i}]), acc[i]);`;return`
      for (var k = 0; k < ${o/t}; k++) {
        ${s}
        for (var i = 0; i < ${e}; i++) {
          let ACached = mm_Asub[tileRow + i][k];
          ${n}
        }
      }`}};function we(r,t,e=!1,o=32,s=!1,n=32,i=!1){let a=t[1]*r[1],l=t[0]*r[0],u=e?a:o,c=e?o:a,p=u/t[0],m=o/t[1],f=r[1],d=r[0];return g.assert((e&&p===4&&r[1]===4||!e&&(p===3||p===4))&&u%t[0]===0&&o%t[1]===0&&r[0]===4,()=>`If transposeA ${e} is true, innerElementSize ${p} and workPerThread[1] ${r[1]} must be 4.
          Otherwise, innerElementSize ${p} must be 3 or 4.
      tileAWidth ${u} must be divisible by workgroupSize[0]${t[0]}. tileInner ${o} must be divisible by workgroupSize[1] ${t[1]}. colPerThread ${r[0]} must be 4.`),`
  var<workgroup> mm_Asub : array<array<vec${p}<f32>, ${u/p}>, ${c}>;
  var<workgroup> mm_Bsub : array<array<vec4<f32>, ${l/r[0]}>, ${o}>;

  ${M()} {
    let localRow = i32(localId.y);
    let tileRow = localRow * ${f};
    let tileCol = i32(localId.x);

    let globalRow = i32(globalId.y) * ${f};
    let globalCol = i32(globalId.x) * ${d};
    let batch = ${s?"0":"i32(globalId.z)"};
    let batchA = ${s||!i?"batch":"batch % uniforms.aShape[0]"};
    let batchB = ${s||!i?"batch":"batch % uniforms.bShape[0]"};
    let globalRowStart = i32(workgroupId.y) * ${a};

    let numTiles = ${s?`${Math.ceil(n/o)}`:`(uniforms.dimInner - 1) / ${o} + 1`};
    var kStart = ${s?`i32(globalId.z) * ${n}`:"0"};

    var acc: array<vec4<f32>, ${f}>;

    // Loop over shared dimension.
    let tileRowB = localRow * ${m};
    for (var t = 0; t < numTiles; t++) {
        // Load one tile of A into local memory.
        for (var innerRow = 0; innerRow < ${f}; innerRow++) {
            let inputRow = tileRow + innerRow;
            let inputCol = tileCol;
            ${Qs(e,p)}
        }

        // Load one tile of B into local memory.
        for (var innerRow = 0; innerRow < ${m}; innerRow++) {
            let inputRow = tileRowB + innerRow;
            let inputCol = tileCol;
            mm_Bsub[inputRow][inputCol] = mm_readB(batchB, kStart + inputRow, globalCol);
        }
        kStart = kStart + ${o};
        workgroupBarrier();

        // Compute acc values for a single thread.
        ${js(e,p,f,o)}
        workgroupBarrier();
    }

    for (var innerRow = 0; innerRow < ${f}; innerRow++) {
        mm_write(batch, globalRow + innerRow, globalCol, acc[innerRow]);
    }
  }`}var Hr=r=>r?`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          kStart + inputRow,
          globalRowStart + inputCol);
        `:`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          globalRowStart + inputRow,
          kStart + inputCol);
        `,Ys=r=>r?"let ACached = mm_Asub[k][tileRow + innerRow];":"let ACached = mm_Asub[tileRow + innerRow][k];";function Se(r,t,e=!1,o=32,s=!1,n=32,i=!1,a=!1){let l=r[1]*t[1],u=r[0]*t[0],c=e?l:o,p=e?o:l;g.assert(p%t[1]===0&&c%t[0]===0&&o%t[1]===0,()=>`tileAHight ${p} must be divisible by workgroupSize[1]${t[1]}, tileAWidth ${c} must be divisible by workgroupSize[0]${t[0]}, tileInner ${o} must be divisible by workgroupSize[1]${t[1]}`);let m=p/t[1],f=c/t[0],d=o/t[1],I=r[1],h=r[0],x=i?`
      let localRow = i32(localId.y);
      let localCol = i32(localId.x);
      let globalRowStart = i32(workgroupId.y) * ${l};
      let globalColStart = i32(workgroupId.x) * ${u};

      // Loop over shared dimension.
      for (var t = 0; t < numTiles; t++) {
        // Load one tile of A into local memory.
        for (var inputRow = localRow; inputRow < ${p}; inputRow = inputRow + ${t[1]}) {
          for (var inputCol = localCol; inputCol < ${c}; inputCol = inputCol + ${t[0]}) {
            ${Hr(e)}
          }
        }
        // Load one tile of B into local memory.
        for (var inputRow = localRow; inputRow < ${o}; inputRow = inputRow + ${t[1]}) {
              for (var inputCol = localCol; inputCol < ${u}; inputCol = inputCol + ${t[0]}) {
            mm_Bsub[inputRow][inputCol] = mm_readB(batchB,
              kStart + inputRow,
              globalColStart + inputCol);
          }
        }
        kStart = kStart + ${o};
        workgroupBarrier();

        // Compute acc values for a single thread.
        var BCached : array<f32, ${h}>;
        for (var k = 0; k < ${o}; k++) {
          for (var inner = 0; inner < ${h}; inner++) {
            BCached[inner] = mm_Bsub[k][localCol + inner * ${t[0]}];
          }
          for (var innerRow = 0; innerRow < ${I}; innerRow++) {
            let ACached = ${e?`mm_Asub[k][localRow + innerRow * ${t[1]}];`:`mm_Asub[localRow + innerRow * ${t[1]}][k];`}
            for (var innerCol = 0; innerCol < ${h}; innerCol++) {
              acc[innerRow][innerCol] =
                  fma(ACached, BCached[innerCol], acc[innerRow][innerCol]);
            }
          }
        }
        workgroupBarrier();
      }
      for (var innerRow = 0; innerRow < ${I}; innerRow++) {
        let gRow = globalRowStart + localRow + innerRow * ${t[1]};
        for (var innerCol = 0; innerCol < ${h}; innerCol++) {
          let gCol = globalColStart + localCol + innerCol * ${t[0]};
          mm_write(batch, gRow, gCol, acc[innerRow][innerCol]);
        }
      }
      `:`
  let tileRow = i32(localId.y) * ${I};
  let tileCol = i32(localId.x) * ${h};

  let globalRow = i32(globalId.y) * ${I};
  let globalCol = i32(globalId.x) * ${h};
  let globalRowStart = i32(workgroupId.y) * ${l};

  let tileRowA = i32(localId.y) * ${m};
  let tileColA = i32(localId.x) * ${f};
  let tileRowB = i32(localId.y) * ${d};
  // Loop over shared dimension.
  for (var t = 0; t < numTiles; t++) {
    // Load one tile of A into local memory.
    for (var innerRow = 0; innerRow < ${m}; innerRow++) {
      for (var innerCol = 0; innerCol < ${f}; innerCol++) {
        let inputRow = tileRowA + innerRow;
        let inputCol = tileColA + innerCol;
        ${Hr(e)}
      }
    }

    // Load one tile of B into local memory.
    for (var innerRow = 0; innerRow < ${d}; innerRow++) {
      for (var innerCol = 0; innerCol < ${h}; innerCol++) {
        let inputRow = tileRowB + innerRow;
        let inputCol = tileCol + innerCol;
        mm_Bsub[inputRow][inputCol] = mm_readB(batchB,
          kStart + inputRow,
          globalCol + innerCol);
      }
    }
    kStart = kStart + ${o};
    workgroupBarrier();

    // Compute acc values for a single thread.
    var BCached : array<f32, ${h}>;
    for (var k = 0; k < ${o}; k++) {
      for (var inner = 0; inner < ${h}; inner++) {
        BCached[inner] = mm_Bsub[k][tileCol + inner];
      }

      for (var innerRow = 0; innerRow < ${I}; innerRow++) {
        ${Ys(e)}
        for (var innerCol = 0; innerCol < ${h}; innerCol++) {
          acc[innerRow][innerCol] =
              fma(ACached, BCached[innerCol], acc[innerRow][innerCol]);
        }
      }
    }

    workgroupBarrier();
  }

  for (var innerRow = 0; innerRow < ${I}; innerRow++) {
    for (var innerCol = 0; innerCol < ${h}; innerCol++) {
      mm_write(batch, globalRow + innerRow, globalCol + innerCol,
          acc[innerRow][innerCol]);
    }
  }
  `;return`
    var<workgroup> mm_Asub : array<array<f32, ${c}>, ${p}>;
    var<workgroup> mm_Bsub : array<array<f32, ${u}>, ${o}>;

    ${M()} {
      let batch = ${s?"0":"i32(globalId.z)"};
      let batchA = ${s||!a?"batch":"batch % uniforms.aShape[0]"};
      let batchB = ${s||!a?"batch":"batch % uniforms.bShape[0]"};
      let numTiles = ${s?`${Math.ceil(n/o)}`:`(uniforms.dimInner - 1) / ${o} + 1`};
      var kStart = ${s?`i32(globalId.z) * ${n}`:"0"};

      var acc : array<array<f32, ${h}>, ${I}>;

      // Without this initialization strange values show up in acc.
      for (var innerRow = 0; innerRow < ${I}; innerRow++) {
        for (var innerCol = 0; innerCol < ${h}; innerCol++) {
          acc[innerRow][innerCol] = 0.0;
        }
      }
      ${x}
    }
  `}var Xs=r=>r?`
      mm_readA(batchA, colA, globalRow),
      mm_readA(batchA, colA + 1, globalRow),
      mm_readA(batchA, colA + 2, globalRow),
      mm_readA(batchA, colA + 3, globalRow)
  `:`
      mm_readA(batchA, globalRow, colA),
      mm_readA(batchA, globalRow, colA + 1),
      mm_readA(batchA, globalRow, colA + 2),
      mm_readA(batchA, globalRow, colA + 3)
  `;function Zs(r,t=!1){g.assert(r[1]===1&&r[2]===1,()=>`A linear work group size is required. But got ${r}.`);let e=r[0]*4;return`
    var<workgroup> mm_Asub : array<vec4<f32>, ${r[0]}>;

    ${M()} {
      let tileCol = i32(localId.x);
      let globalCol = i32(globalId.x);
      let globalRow = i32(globalId.y);

      let numTiles = (uniforms.dimInner - 1) / ${e} + 1;
      let batch = i32(globalId.z);
      let batchA = batch % uniforms.aShape[0];
      let batchB = batch % uniforms.bShape[0];
      // Without this initialization strange values show up in acc.
      var acc = 0.0;

      // Loop over shared dimension.
      for (var t = 0; t < numTiles; t++) {
        // Load one tile of A into local memory.
        let colA = t * ${e} + tileCol * 4;
        mm_Asub[tileCol] = vec4<f32>(${Xs(t)});
        workgroupBarrier();

        // Compute acc values for a single thread.
        for (var k = 0; k < ${e/4}; k++) {
          let rowB = t * ${e} + k * 4;
          let BCached = vec4<f32>(mm_readB(batchB, rowB, globalCol),
                              mm_readB(batchB, rowB + 1, globalCol),
                              mm_readB(batchB, rowB + 2, globalCol),
                              mm_readB(batchB, rowB + 3, globalCol));

          let ACached = mm_Asub[k];
          acc = acc + dot(ACached, BCached);
        }

        workgroupBarrier();
      }

      mm_write(batch, globalRow, globalCol, acc);
    }
  `}var ke=class{constructor(t,e,o=!1,s=!1,n=null,i=null,a=null,l=!1){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.outputShape=e,this.dispatchLayout={x:[2],y:[1],z:[0]};let u=o?t[1]:t[2];if(this.isVec4=(u%4===0&&!o||e[1]%4===0&&o)&&e[2]%4===0&&!s,this.outputComponent=this.isVec4?4:1,this.isVectorA=e[1]===1&&!o,!this.isVec4&&this.isVectorA)this.elementsPerThread=[1,1,1],this.workgroupSize=[32,1,1];else{let m=or(e[1],u,e[2],o);this.workgroupSize=m.workgroupSize,this.elementsPerThread=m.elementsPerThread}this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize,this.elementsPerThread);let c=n!=null,p=a!=null;c&&this.variableNames.push("bias"),p&&this.variableNames.push("preluActivationWeights"),this.sequentialAccessByThreads=l,this.transposeA=o,this.transposeB=s,this.addBias=c,this.activation=i,this.hasPreluActivationWeights=p,[this.fitAOuter,this.fitBOuter,this.fitInner]=this.getShapeFit(e[1],e[2],u),this.shaderKey=`matMulPacked_${this.elementsPerThread}_${o}_${s}_${this.activation}_${this.fitAOuter}_${this.fitBOuter}_${this.fitInner}_${this.isVec4}_${this.isVectorA}_${this.sequentialAccessByThreads}`}getShapeFit(t,e,o){let s=this.workgroupSize[1]*this.elementsPerThread[1],n=this.workgroupSize[0]*this.elementsPerThread[0];!this.isVec4&&this.isVectorA?this.tileInner=this.workgroupSize[0]*4:this.tileInner=n;let i=t%s===0,a=e%n===0,l=o%this.tileInner===0;return[i,a,l]}getUserCode(){return`
      ${Q(this.activation,this.hasPreluActivationWeights,this.isVec4)}
      ${be(this.addBias,this.activation,!1,this.transposeB,this.fitAOuter,this.fitBOuter,this.fitInner,this.isVec4?4:1)}
      ${this.isVec4?we(this.elementsPerThread,this.workgroupSize,this.transposeA,this.tileInner,!1,null,!0):this.isVectorA?Zs(this.workgroupSize,this.transposeA):Se(this.elementsPerThread,this.workgroupSize,this.transposeA,this.tileInner,!1,null,this.sequentialAccessByThreads,!0)}
    `}};function Js(r,t,e,o,s=!1,n=null,i=!1,a=4,l=4,u=4){let c=B=>{switch(B){case 1:return"resData = f32(x[xIndex]);";case 3:return"resData = vec3<f32>(x[xIndex], x[xIndex + 1], x[xIndex + 2]);";case 4:return"resData = vec4<f32>(x[xIndex / 4]);";default:throw new Error(`innerElementSize ${B} is not supported.`)}},p=B=>{switch(B){case 1:return"return f32(W[row * uniforms.wShape[3] + col]);";case 4:return"return vec4<f32>(W[(row * uniforms.wShape[3] + col) / 4]);";default:throw new Error(`innerElementSize ${B} is not supported.`)}},m=r?`
      let coord = vec4<i32>(batch, xRow, xCol, xCh);
      `:`
      let coord = vec4<i32>(batch, xCh, xRow, xCol);
      `,f=r?`
      let coords = vec4<i32>(
        batch,
        row / outWidth,
        row % outWidth,
        col);
      `:`
      let coords = vec4<i32>(
        batch,
        row,
        col / outWidth,
        col % outWidth);
      `,d=r?"uniforms.xShape[1]":"uniforms.xShape[2]",I=r?"uniforms.xShape[2]":"uniforms.xShape[3]",h=r?"row":"col",x=r?"col":"row",b=`
      let inChannels = uniforms.wShape[2];
      let outWidth = ${r?"uniforms.outShape[2]":"uniforms.outShape[3]"};
      let outRow = ${h} / outWidth;
      let outCol = ${h} % outWidth;

      let WRow = ${x} / (uniforms.filterDims[1] * inChannels);
      let WCol = ${x} / inChannels % uniforms.filterDims[1];
      let xRow = outRow * uniforms.strides[0] + uniforms.dilations[0] * WRow - uniforms.pads[0];
      let xCol = outCol * uniforms.strides[1] + uniforms.dilations[1] * WCol - uniforms.pads[1];
      let xCh = ${x} % inChannels;
      var resData = ${E(a)}(0.0);
      // The bounds checking is always needed since we use it to pad zero for
      // the 'same' padding type.
      if (xRow >= 0 && xRow < ${d} && xCol >= 0 && xCol < ${I}) {
        ${m}
        let xIndex = getIndexFromCoords4D(coord, uniforms.xShape);
        ${c(a)}
      }
      return resData;`,C=r?t&&o?`
      ${b}`:`
      if (row < uniforms.dimAOuter && col < uniforms.dimInner) {
        ${b}
      }
      return ${E(a)}(0.0);`:o&&e?`
      ${b}`:`
      if (row < uniforms.dimInner && col < uniforms.dimBOuter) {
        ${b}
      }
      return ${E(a)}(0.0);`,S=`${p(l)}`,$=E(u),v=r?E(a):E(l),y=r?E(l):E(a);return`
      ${Q(n,i,u===4,4)}
      fn mm_readA(batch: i32, row : i32, col : i32) -> ${v} {
        ${r?C:S}
      }

      fn mm_readB(batch: i32, row : i32, col : i32) -> ${y} {
        ${r?S:C}
      }

      fn mm_write(batch: i32, row : i32, col : i32, valueIn : ${$}) {
        if (row < uniforms.dimAOuter && col < uniforms.dimBOuter)
        {
        var value = valueIn;
        let outWidth = ${r?"uniforms.outShape[2]":"uniforms.outShape[3]"};
        ${f}
        ${ee(s,n)}
        setOutputAtCoords(coords[0], coords[1], coords[2], coords[3], value);
        }
      }`}var Be=class{constructor(t,e,o,s,n=!1,i=null,a=!1,l=!1){this.variableNames=["x","W"],this.uniforms="filterDims : vec2<i32>, pads : vec2<i32>, strides : vec2<i32>, dilations : vec2<i32>, dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.outputShape=t.outShape,this.isChannelsLast=t.dataFormat==="channelsLast",this.isVec4=((t.inChannels%4===0||t.inChannels%3===0)&&this.isChannelsLast||t.outWidth%4===0&&!this.isChannelsLast)&&t.outChannels%4===0,this.dispatchLayout=this.isChannelsLast?{x:[3],y:[1,2],z:[0]}:{x:[2,3],y:[1],z:[0]},this.workgroupSize=sr(this.dispatchLayout,this.outputShape,this.isVec4),this.elementsPerThread=nr(this.dispatchLayout,this.outputShape,this.isVec4),this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize,this.elementsPerThread),this.isVec4?(this.outputComponent=4,this.isChannelsLast&&t.inChannels%4!==0?(this.innerElementSize=3,this.variableComponents=[1,4]):(this.innerElementSize=4,this.variableComponents=[4,4]),n&&(this.variableNames.push("bias"),this.variableComponents.push(4)),a&&(this.variableNames.push("preluActivationWeights"),this.variableComponents.push(4))):(this.innerElementSize=this.elementsPerThread[0],n&&this.variableNames.push("bias"),a&&this.variableNames.push("preluActivationWeights")),this.sequentialAccessByThreads=l,this.addBias=n,this.activation=i,this.hasPreluActivationWeights=a,this.tileAOuter=this.workgroupSize[1]*this.elementsPerThread[1],this.tileBOuter=this.workgroupSize[0]*this.elementsPerThread[0],this.tileInner=Math.max(this.workgroupSize[0]*this.innerElementSize,this.workgroupSize[1]),this.fitAOuter=e%this.tileAOuter===0,this.fitBOuter=o%this.tileBOuter===0,this.fitInner=s%this.tileInner===0,this.shaderKey=`conv2DMM_${this.elementsPerThread}_${this.activation}}_${this.fitAOuter}_${this.fitBOuter}_${this.fitInner}_${this.isVec4}_${this.innerElementSize}_${this.isChannelsLast}_${this.sequentialAccessByThreads}`}getUserCode(){let t=this.isVec4?we(this.elementsPerThread,this.workgroupSize,!this.isChannelsLast,this.tileInner):Se(this.elementsPerThread,this.workgroupSize,!this.isChannelsLast,this.tileInner,!1,null,this.sequentialAccessByThreads),e=this.isVec4?[this.innerElementSize,4,4]:[1,1,1];return`
    ${Js(this.isChannelsLast,this.fitAOuter,this.fitBOuter,this.fitInner,this.addBias,this.activation,this.hasPreluActivationWeights,e[0],e[1],e[2])}
    ${t}
  `}};var _e=class{constructor(t,e=!1,o=null,s=!1){this.variableNames=["x","W"],this.uniforms="filterDims: vec2<i32>, pads: vec2<i32>, strides: vec2<i32>, dilations: vec2<i32>,",this.workgroupSize=[4,4,8],this.outputShape=t.outShape,this.isChannelsLast=t.dataFormat==="channelsLast",this.dispatchLayout=this.isChannelsLast?{x:[2],y:[1],z:[0,3]}:{x:[3],y:[2],z:[0,1]},this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize),this.addBias=e,this.activation=o,this.hasPreluActivationWeights=s,e&&this.variableNames.push("bias"),s&&this.variableNames.push("preluActivationWeights"),this.shaderKey=`conv2dnaive_${this.activation}_${this.isChannelsLast}`}getUserCode(){return`
       ${Q(this.activation,this.hasPreluActivationWeights,!1,4)}
       fn readInp(batch : i32, row : i32, col : i32, chan : i32) -> f32{
         let coords = vec4<i32>(batch, row, col, chan);
         if (coordsInBounds4D(coords, uniforms.xShape)) {
           return  getX(batch, row, col, chan);
         } else {
          return 0.0;
         }
       }
       fn readFilt(row : i32, col : i32, xChannel : i32, outChannel : i32) -> f32{
         let coords = vec4<i32>(row, col, xChannel, outChannel);
         if(coordsInBounds4D(coords, uniforms.wShape)) {
           return getW(row, col, xChannel, outChannel);
          } else {
            return 0.0;
          }
       }
       fn writeResult(batch : i32, row : i32, col : i32, chan : i32, valueIn : f32) {
         let coords = ${this.isChannelsLast?"vec4<i32>(batch, row, col, chan);":"vec4<i32>(batch, chan, row, col);"}
         if (coordsInBounds4D(coords, uniforms.outShape)) {
           var value = valueIn;
           ${ee(this.addBias,this.activation)}
           setOutputAtCoords(coords.x, coords.y, coords.z, coords.w, value);
         }
       }
       ${M("index")} {
         let coords = getOutputCoords();
         let batch = coords[0];
         let outChannel = ${this.isChannelsLast?"coords[3];":"coords[1];"}
         let outRow = ${this.isChannelsLast?"coords[1];":"coords[2];"}
         let outCol = ${this.isChannelsLast?"coords[2];":"coords[3];"}
         var acc : f32 = 0.0;
         for (var row = 0; row < uniforms.filterDims[0]; row = row + 1) {
           for (var col = 0; col < uniforms.filterDims[1]; col = col + 1) {
             let xRow = outRow * uniforms.strides[0] + uniforms.dilations[0] * row - uniforms.pads[0];
             let xCol = outCol * uniforms.strides[1] + uniforms.dilations[1] * col - uniforms.pads[1];
             for (var xChannel = 0; xChannel < ${this.isChannelsLast?"uniforms.xShape[3];":"uniforms.xShape[1];"} xChannel = xChannel + 1) {
               ${this.isChannelsLast?"let v = readInp(batch, xRow, xCol, xChannel);":"let v = readInp(batch, xChannel, xRow, xCol);"}
               let f = readFilt(row, col, xChannel, outChannel);
               acc = acc + v * f;
             }
           }
         }
         writeResult(batch, outRow, outCol, outChannel, acc);
       }
     `}};var Te=class{constructor(t,e){this.variableNames=["x"],this.uniforms=`pads : vec2<i32>, strides : vec2<i32>, dilations : vec2<i32>, outWidth : i32, itemsPerBlockRow : i32,
       inChannels : i32,`,this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=t,this.dispatchLayout=X(this.outputShape),this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize),this.isChannelsLast=e,this.shaderKey=`im2col_${this.isChannelsLast}`}getUserCode(){let t=this.isChannelsLast?1:2,e=this.isChannelsLast?2:3,o=this.isChannelsLast?"coords[1]":"coords[2]",s=this.isChannelsLast?"coords[2]":"coords[1]",n=this.isChannelsLast?"getX(batch, xRow, xCol, ch)":"getX(batch, ch, xRow, xCol)";return`
    ${M("index")} {
      let coords = getCoordsFromIndex(index);
      if(index < uniforms.size) {
        let batch = coords[0];
        let row = ${o};
        let col = ${s};
        let offsetY = (row / uniforms.outWidth) * uniforms.strides[0] - uniforms.pads[0];
        let xRow = offsetY + uniforms.dilations[0] * (col / uniforms.itemsPerBlockRow);
        var value = 0.0;
        if(xRow < uniforms.xShape[${t}] && xRow >= 0) {
          let offsetX = (row % uniforms.outWidth) * uniforms.strides[1] -
              uniforms.pads[1];
          let xCol = offsetX + uniforms.dilations[1] * ((col %
              uniforms.itemsPerBlockRow) / uniforms.inChannels);
          let ch = col % uniforms.inChannels;
          if(xCol < uniforms.xShape[${e}] && xCol >= 0) {
            value = ${n};
          }
        }
        setOutputAtIndex(index, value);
      }
    }
   `}};function en(r){return`
    var<workgroup> sumValues : array<f32, ${r}>;
    ${M()} {
      let coords = getOutputCoords();
      let batch = coords[0];
      let batchA = batch % uniforms.aShape[0];
      let batchB = batch % uniforms.bShape[0];
      let row = coords[1];
      let col = coords[2];
      var sum = 0.0;
      let Length = uniforms.dimInner;
      for (var k = i32(localId.x); k < Length; k = k + ${r}) {
        let dataA = mm_readA(batchA, row, k);
        let dataB = mm_readB(batchB, k, col);
        sum = sum + dataA * dataB;
      }
      sumValues[localId.x] = sum;
      workgroupBarrier();

      for(var currentSize = ${r/2}u; currentSize > 1u;
          currentSize = currentSize / 2u) {
        if (localId.x < currentSize)
        {
          sumValues[localId.x] = sumValues[localId.x] + sumValues[localId.x + currentSize];
        }
        workgroupBarrier();
      }

      if (localId.x == 0u) {
        sum = sumValues[0] + sumValues[1];
        mm_write(batch, row, col, sum);
      }
    }
  `}var Me=class{constructor(t,e=!1,o=!1,s=null,n=null,i=null){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.workgroupSize=[256,1,1],this.outputShape=t,this.dispatchLayout={x:[],y:[1,2],z:[0]},this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize);let a=s!=null,l=i!=null;a&&this.variableNames.push("bias"),l&&this.variableNames.push("preluActivationWeights"),this.transposeA=e,this.transposeB=o,this.addBias=a,this.activation=n,this.hasPreluActivationWeights=l,this.shaderKey=`matMulReduce_${this.activation}_${e}_${o}`}getUserCode(){return`
      ${Q(this.activation,this.hasPreluActivationWeights)}
      ${be(this.addBias,this.activation,this.transposeA,this.transposeB)}
      ${en(this.workgroupSize[0])}
    `}};function tn(r){let t=r[1],e=r[0],o=t>e?t:e;return`
  var<workgroup> mm_Asub : array<array<f32, ${o}>, ${t}>;
  var<workgroup> mm_Bsub : array<array<f32, ${e}>, ${o}>;

  // If the output size is small for matrix multiplication, avoid to use vec4
  // and handle some elements per thread to optimally utilize the ALU.
  // Read data from global memory to registers firstly, then store them into
  // shared memory, so it is instruction-Level parallelism for arithmetic
  // operations and others handle IO operations between barrier api, makes ALU
  // and load/store units work simultaneously, could improves the performance.
  ${M()} {
    let tileRow = i32(localId.y);
    let tileCol = i32(localId.x);
    let globalRow = i32(globalId.y);
    let globalCol = i32(globalId.x);
    let batch = i32(globalId.z);
    let batchA = batch % uniforms.aShape[0];
    let batchB = batch % uniforms.bShape[0];

    // uniforms.dimInner should be greater than 0.
    let numTiles = (uniforms.dimInner - 1) / ${o} + 1;
    var acc = 0.0;

    var globalColA = tileCol;
    var globalRowB = 0;
    var regA = mm_readA(batchA, globalRow, globalColA);
    var regB0 = mm_readB(batchB, globalRowB + 2 * tileRow, globalCol);
    var regB1 = mm_readB(batchB, globalRowB + 2 * tileRow + 1, globalCol);
    globalColA = globalColA + ${o};
    globalRowB = globalRowB + ${o};

    for (var t = 0; t < numTiles; t = t + 1) {
      mm_Asub[tileRow][tileCol] = regA;
      mm_Bsub[2 * tileRow][tileCol] = regB0;
      mm_Bsub[2 * tileRow + 1][tileCol] = regB1;

      workgroupBarrier();

      regA = mm_readA(batchA, globalRow, globalColA);
      regB0 = mm_readB(batchB, globalRowB + 2 * tileRow, globalCol);
      regB1 = mm_readB(batchB, globalRowB + 2 * tileRow + 1, globalCol);
      globalColA = globalColA + ${o};
      globalRowB = globalRowB + ${o};

      for (var k = 0; k < ${o}; k = k + 1) {
        acc = acc + mm_Asub[tileRow][k] * mm_Bsub[k][tileCol];
      }
      workgroupBarrier();
    }

    mm_write(batch, globalRow, globalCol, acc);
  }
  `}var Le=class{constructor(t,e,o,s=!1,n=!1,i=null,a=null,l=null){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.workgroupSize=[16,8,1],this.outputShape=o,this.dispatchLayout={x:[2],y:[1],z:[0]},this.dispatch=[Math.ceil(o[2]/this.workgroupSize[0]),Math.ceil(o[1]/this.workgroupSize[1]),o[0]];let u=i!=null;u&&this.variableNames.push("bias");let c=l!=null;c&&this.variableNames.push("preluActivationWeights"),this.transposeA=s,this.transposeB=n,this.addBias=u,this.activation=a,this.hasPreluActivationWeights=c,this.shaderKey=`matMulSmallOutputSize_${this.activation}_${s}_${n}`}getUserCode(){return`
      ${Q(this.activation,this.hasPreluActivationWeights)}
      ${be(this.addBias,this.activation,this.transposeA,this.transposeB)}
      ${tn(this.workgroupSize)}
    `}};var Ne=class{constructor(t,e,o=!1,s=!1){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.workgroupSize=[8,8,1],this.atomic=!0,this.splitedDimInner=128,g.assert(t[0]===1,()=>"MatMulSplitKProgram only supports batch = 1."),this.outputShape=t,this.dispatchLayout={x:[2],y:[1],z:[0,3]};let n=(o&&this.outputShape[1]%4===0||!o&&e%4===0)&&this.outputShape[2]%4===0;this.elementsPerThread=[4,4,this.splitedDimInner],this.outputComponent=n?4:1,n||(this.outputShape[1]<16&&(this.elementsPerThread[1]=1),this.outputShape[2]<16&&(this.elementsPerThread[0]=1)),this.dispatch=N(this.dispatchLayout,[this.outputShape[0],this.outputShape[1],this.outputShape[2],e],this.workgroupSize,this.elementsPerThread),this.transposeA=o,this.transposeB=s,this.shaderKey=`matMulSplitK_${o}_${s}_${this.elementsPerThread}_${this.outputComponent}`}getUserCode(){let t=this.outputComponent;return`
      ${ft(!1,this.transposeB,!1,!1,!1,t)}
      fn mm_write(batch: i32, row : i32, col : i32, value : ${E(t)}) {
        if (row < uniforms.dimAOuter && col < uniforms.dimBOuter) {
          let coords = vec3<i32>(batch, row, col);
          let flatIndex = getOutputIndexFromCoords(coords);
          // The problem is that we should initialize output to zero before using.
          // Otherwise, the original value will be added to the result.
          for (var i = 0; i < ${t}; i = i + 1) {
            ${Yt("&result[flatIndex + i]",`${t>1?"value[i]":"value"}`,"float32")}
          }
        }
      }
      ${t===4?we(this.elementsPerThread,this.workgroupSize,this.transposeA,32,!0,this.splitedDimInner):Se(this.elementsPerThread,this.workgroupSize,this.transposeA,32,!0,this.splitedDimInner)}
    `}},Fe=class{constructor(t,e=null,o=null,s=null){this.uniforms="",this.variableNames=["x"],this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=t,this.dispatchLayout=X(this.outputShape),this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize),this.addBias=e!=null,this.hasPreluActivationWeights=s!=null,this.activation=o,this.addBias&&this.variableNames.push("bias"),this.hasPreluActivationWeights&&this.variableNames.push("preluActivationWeights"),this.shaderKey=`biasActivation_${o}`}getUserCode(){return`
    ${Q(this.activation,this.hasPreluActivationWeights)}
    ${M("index")} {
      if (index < uniforms.size) {
        let coords = getCoordsFromIndex(index);
        var value = getXByOutputIndex(index);
        ${ee(this.addBias,this.activation)}
        setOutputAtIndex(index, value);
      }
    }
    `}};var De=class{constructor(t){this.variableNames=[],this.outputShape=[],this.uniforms="value : f32,",this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=t,this.dispatchLayout=X(this.outputShape),this.dispatch=N(this.dispatchLayout,this.outputShape,this.workgroupSize),this.shaderKey="fill"}getUserCode(){return`
    ${M("index")} {
      if (index < uniforms.size) {
        setOutputAtIndex(index, uniforms.value);
      }
    }
  `}};function Kr(r){let{backend:t,attrs:e}=r,{shape:o,value:s}=e,{dtype:n}=e;if(n=n||g.inferDtype(s),n==="string"){let i=g.getArrayFromDType(n,g.sizeFromShape(o));return i.fill(s),t.makeTensorInfo(o,n,i)}else{let i=new De(o),a=[{type:"float32",data:[s]}];return t.runWebGPUProgram(i,[],n,a)}}function O(r){let{inputs:t,attrs:e}=r,{x:o}=t,{shape:s}=e,n=g.sizeFromShape(o.shape),i=g.inferFromImplicitShape(s,n),a=g.sizeFromShape(i);return g.assert(n===a,()=>`The new shape (${i}) has ${a} elements and the old shape (${o.shape}) has ${n} elements. The new shape and old shape must have the same number of elements.`),r.backend.incRef(o.dataId),{dataId:o.dataId,shape:i,dtype:o.dtype}}function gt({a:r,b:t,transposeA:e,transposeB:o,backend:s,bias:n=null,preluActivationWeights:i=null,leakyreluAlpha:a=0,activation:l=null}){let u=r.shape.length,c=t.shape.length,p=e?r.shape[u-2]:r.shape[u-1],m=o?t.shape[c-1]:t.shape[c-2],f=e?r.shape[u-1]:r.shape[u-2],d=o?t.shape[c-2]:t.shape[c-1],I=r.shape.slice(0,-2),h=t.shape.slice(0,-2),x=g.sizeFromShape(I),b=g.sizeFromShape(h),S=Wt.assertAndGetBroadcastShape(r.shape.slice(0,-2),t.shape.slice(0,-2)).concat([f,d]);g.assert(p===m,()=>`Error in matMul: inner shapes (${p}) and (${m}) of Tensors with shapes ${r.shape} and ${t.shape} and transposeA=${e} and transposeB=${o} must match.`);let $=e?[x,p,f]:[x,f,p],v=o?[b,d,m]:[b,m,d],y=O({inputs:{x:r},backend:s,attrs:{shape:$}}),P=O({inputs:{x:t},backend:s,attrs:{shape:v}}),B=[y,P],D=Math.max(x,b),W=[y,P],q=[{type:"int32",data:[f]},{type:"int32",data:[d]},{type:"int32",data:[p]}],Z,L,z=[D,f,d],G=U().get("WEBGPU_MATMUL_PROGRAM_TYPE");if(G<0){let re=U().getNumber("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL"),ae=re>0?re:s.thresholdToIncreaseWorkgroups,le=D*Math.ceil(f/32)*Math.ceil(d/32);le<=ae||f<=8&&le<=ae*2?D*f*d<=128?G=Y.MatMulReduceProgram:D===1&&m>=2e3?G=Y.MatMulSplitKProgram:G=Y.MatMulSmallOutputSizeProgram:G=Y.MatMulPackedProgram}switch(G){case Y.MatMulReduceProgram:Z=new Me(z,e,o,n,l,i);break;case Y.MatMulSplitKProgram:{if(L=Kr({backend:s,attrs:{shape:z,value:0,dtype:r.dtype}}),Z=new Ne(z,m,e,o),n||l){L=s.runWebGPUProgram(Z,W,r.dtype,q,L);let ae=new Fe(L.shape,n,l,i),le=null,Ce=[L];n&&Ce.push(n),i&&Ce.push(i),l==="leakyrelu"&&(le=[{type:"float32",data:[a]}],ae.uniforms+=" alpha : f32,");let xt=s.runWebGPUProgram(ae,Ce,L.dtype,le);B.push(L);let Zr=O({inputs:{x:xt},backend:s,attrs:{shape:S}});B.push(xt);for(let Jr of B)s.disposeData(Jr.dataId);return Zr}break}case Y.MatMulSmallOutputSizeProgram:Z=new Le($,v,z,e,o,n,l,i);break;case Y.MatMulPackedProgram:let re=s.adapterInfo.isIntel();Z=new ke($,z,e,o,n,l,i,re);break;default:throw new Error(`Unsupported MatMulProgramType ${G}.`)}n&&W.push(n),i&&W.push(i),l==="leakyrelu"&&(q.push({type:"float32",data:[a]}),Z.uniforms+=" alpha : f32,"),L=s.runWebGPUProgram(Z,W,r.dtype,q,L);let Xr=O({inputs:{x:L},backend:s,attrs:{shape:S}});B.push(L);for(let re of B)s.disposeData(re.dataId);return Xr}function Ue(r,t){let e=r.length;return e>=3?t?[...r.slice(0,-3),r[e-3]*r[e-2],r[e-1]]:[...r.slice(0,-3),r[e-3],r[e-2]*r[e-1]]:!t&&e===1&&r[0]>1?[r[0],1]:null}function rn({x:r,filter:t,convInfo:e,backend:o,bias:s=null,preluActivationWeights:n=null,leakyreluAlpha:i=0,activation:a=null}){let l=e.dataFormat==="channelsLast",u=!l,c=!1,p=l&&e.filterHeight===e.inHeight&&e.filterWidth===e.inWidth&&e.padInfo.type==="VALID",m=[],f,d;if(p){let x=e.inHeight*e.inWidth*e.inChannels;f=O({inputs:{x:r},backend:o,attrs:{shape:[1,e.batchSize,x]}}),d=O({inputs:{x:t},backend:o,attrs:{shape:[1,x,e.outChannels]}})}else f=O({inputs:{x:r},backend:o,attrs:{shape:l?[e.batchSize,e.inHeight*e.inWidth,e.inChannels]:[e.batchSize,e.inChannels,e.inHeight*e.inWidth]}}),d=O({inputs:{x:t},backend:o,attrs:{shape:[1,e.inChannels,e.outChannels]}});if(m.push(f),m.push(d),n!=null){let x=Ue(n.shape,l);x!=null&&(n=O({inputs:{x:n},backend:o,attrs:{shape:x}}),m.push(n))}if(s!=null){let x=Ue(s.shape,l);x!=null&&(s=O({inputs:{x:s},backend:o,attrs:{shape:x}}),m.push(s))}let I=gt({a:l?f:d,b:l?d:f,transposeA:u,transposeB:c,backend:o,bias:s,activation:a,preluActivationWeights:n,leakyreluAlpha:i}),h=O({inputs:{x:I},backend:o,attrs:{shape:e.outShape}});m.push(I);for(let x of m)o.disposeData(x.dataId);return h}function on({x:r,filter:t,convInfo:e,backend:o,bias:s=null,preluActivationWeights:n=null,leakyreluAlpha:i=0,activation:a=null}){let{filterWidth:l,filterHeight:u,inChannels:c,strideWidth:p,strideHeight:m,padInfo:f,outWidth:d,outHeight:I,dilationWidth:h,dilationHeight:x,dataFormat:b}=e,C=b==="channelsLast",S=l*u*c,$=I*d,v=C?[e.batchSize,$,S]:[e.batchSize,S,$],y=new Te(v,C),P=[{type:"int32",data:[f.top,f.left]},{type:"int32",data:[m,p]},{type:"int32",data:[x,h]},{type:"int32",data:[d]},{type:"int32",data:[c*l]},{type:"int32",data:[c]}],B=o.runWebGPUProgram(y,[r],r.dtype,P),D=[];D.push(B);let W=O({inputs:{x:t},backend:o,attrs:{shape:[1,S,-1]}});if(D.push(W),n!=null){let G=Ue(n.shape,C);G!=null&&(n=O({inputs:{x:n},backend:o,attrs:{shape:G}}),D.push(n))}if(s!=null){let G=Ue(s.shape,C);G!=null&&(s=O({inputs:{x:s},backend:o,attrs:{shape:G}}),D.push(s))}let L=gt({a:C?B:W,b:C?W:B,transposeA:!C,transposeB:!1,backend:o,bias:s,activation:a,preluActivationWeights:n,leakyreluAlpha:i}),z=O({inputs:{x:L},backend:o,attrs:{shape:e.outShape}});D.push(L);for(let G of D)o.disposeData(G.dataId);return z}function Qr({x:r,filter:t,convInfo:e,backend:o,bias:s=null,preluActivationWeights:n=null,leakyreluAlpha:i=0,activation:a=null}){let l=s!=null,u=n!=null,c=e.dataFormat==="channelsLast",p=c&&e.filterHeight===e.inHeight&&e.filterWidth===e.inWidth&&e.padInfo.type==="VALID",m=U().getBool("WEBGPU_USE_NAIVE_CONV2D_DEBUG");if(!m&&(p||e.filterHeight===1&&e.filterWidth===1&&e.dilationHeight===1&&e.dilationWidth===1&&e.strideHeight===1&&e.strideWidth===1&&(e.padInfo.type==="SAME"||e.padInfo.type==="VALID")))return rn({x:r,filter:t,convInfo:e,backend:o,bias:s,activation:a,preluActivationWeights:n,leakyreluAlpha:i});let f=U().getNumber("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL"),d=f>-1?f:o.thresholdToIncreaseWorkgroups,I=e.batchSize*Math.ceil(e.outHeight*e.outWidth/32)*Math.ceil(e.outChannels/32);if(U().getBool("WEBGPU_CONV_SEPARATE_IM2COL_SHADER")||I<=d)return on({x:r,filter:t,convInfo:e,backend:o,bias:s,preluActivationWeights:n,leakyreluAlpha:i,activation:a});let h,x=[e.padInfo.top,e.padInfo.left],b=[{type:"int32",data:[e.filterHeight,e.filterWidth]},{type:"int32",data:[...x]},{type:"int32",data:[e.strideHeight,e.strideWidth]},{type:"int32",data:[e.dilationHeight,e.dilationWidth]}];if(m)h=new _e(e,l,a,u);else{let v=c?e.outHeight*e.outWidth:e.outChannels,y=c?e.outChannels:e.outHeight*e.outWidth,P=e.filterHeight*e.filterWidth*e.inChannels;b.push({type:"int32",data:[v]},{type:"int32",data:[y]},{type:"int32",data:[P]});let B=o.adapterInfo.isIntel();h=new Be(e,v,y,P,l,a,u,B)}let C=[],S=[r,t];l&&(!c&&s.shape.length===1&&(s=O({inputs:{x:s},backend:o,attrs:{shape:[s.shape[0],1,1]}}),C.push(s)),S.push(s)),u&&(!c&&n.shape.length===1&&(n=O({inputs:{x:n},backend:o,attrs:{shape:[n.shape[0],1,1]}}),C.push(n)),S.push(n)),a==="leakyrelu"&&(b.push({type:"float32",data:[i]}),h.uniforms+=" alpha : f32,");let $=o.runWebGPUProgram(h,S,r.dtype,b);for(let v of C)o.disposeData(v.dataId);return $}function sn(r){let{inputs:t,backend:e,attrs:o}=r,{x:s,filter:n,bias:i,preluActivationWeights:a}=t,{strides:l,pad:u,dataFormat:c,dilations:p,dimRoundingMode:m,activation:f,leakyreluAlpha:d}=o,I=w.convertConv2DDataFormat(c),h=w.computeConv2DInfo(s.shape,n.shape,l,p,u,m,!1,I);return Qr({x:s,filter:n,convInfo:h,backend:e,bias:i,preluActivationWeights:a,leakyreluAlpha:d,activation:f})}var jr={kernelName:Ut,backendName:"webgpu",kernelFunc:sn};var nn=["maxBufferSize","maxComputeInvocationsPerWorkgroup","maxComputeWorkgroupSizeX","maxComputeWorkgroupStorageSize","maxComputeWorkgroupsPerDimension","maxStorageBufferBindingSize"],Yr=["validation","out-of-memory","internal"];async function Rm(){let r=await navigator.gpu.requestAdapter({powerPreference:"high-performance"});if(!r)throw new Error("WebGPU has no adapter here");let t=Object.fromEntries(nn.map(o=>[o,r.limits[o]])),e=await r.requestDevice({requiredLimits:t});for(let o of[qr,jr])Ot(o);return Gt("webgpu",()=>new he(e,r.info)),{name:"webgpu",guard:o=>an(e,o)}}async function an(r,t){for(let e of Yr)r.pushErrorScope(e);try{return await t()}finally{let o=(await Promise.all(Yr.map(()=>r.popErrorScope()))).find(Boolean);if(o)throw new Error(o.message)}}export{Rm as createWebgpuBackend};
