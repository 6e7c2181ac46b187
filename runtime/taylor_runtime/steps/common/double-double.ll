define i64 @taylor.steps.resume(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds double, ptr %v3, i64 %v5
  %v7 = getelementptr inbounds i64, ptr %frame, i64 5
  %v8 = load ptr, ptr %v7, align 8
  %v9 = getelementptr inbounds i64, ptr %frame, i64 9
  %v10 = load i64, ptr %v9, align 8
  %v11 = getelementptr inbounds double, ptr %v8, i64 %v10
  %v12 = mul i64 %v2, 0
  %v13 = getelementptr inbounds double, ptr %v8, i64 %v12
  %v14 = getelementptr inbounds double, ptr %v11, i64 %v12
  %v15 = getelementptr inbounds double, ptr %v8, i64 %v2
  %v16 = getelementptr inbounds double, ptr %v11, i64 %v2
  %v17 = mul i64 %v2, 2
  %v18 = getelementptr inbounds double, ptr %v8, i64 %v17
  %v19 = getelementptr inbounds double, ptr %v11, i64 %v17
  %v20 = mul i64 %v2, 3
  %v21 = getelementptr inbounds double, ptr %v8, i64 %v20
  %v22 = getelementptr inbounds double, ptr %v11, i64 %v20
  %v23 = getelementptr inbounds i64, ptr %frame, i64 4
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 6
  %v26 = load ptr, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 2
  %v28 = load ptr, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 3
  %v30 = load ptr, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 11
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 13
  %v34 = load double, ptr %v33, align 8
  %v35 = getelementptr inbounds i64, ptr %frame, i64 12
  %v36 = load i64, ptr %v35, align 8
  %v37 = getelementptr inbounds i64, ptr %frame, i64 10
  %v38 = load i64, ptr %v37, align 8
  %v39 = getelementptr inbounds i64, ptr %frame, i64 1
  %v40 = load ptr, ptr %v39, align 8
  %v41 = getelementptr inbounds double, ptr %v3, i64 %v12
  %v42 = getelementptr inbounds double, ptr %v6, i64 %v12
  %v43 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v44 = getelementptr inbounds double, ptr %v6, i64 %v2
  %v45 = getelementptr inbounds double, ptr %v3, i64 %v17
  %v46 = getelementptr inbounds double, ptr %v6, i64 %v17
  %v47 = getelementptr inbounds double, ptr %v3, i64 %v20
  %v48 = getelementptr inbounds double, ptr %v6, i64 %v20
  %v49 = mul i64 %v2, 4
  %v50 = getelementptr inbounds double, ptr %v3, i64 %v49
  %v51 = getelementptr inbounds double, ptr %v6, i64 %v49
  %v52 = getelementptr inbounds i64, ptr %control, i64 8
  %v53 = load double, ptr %v52, align 8
  %v56 = getelementptr inbounds i64, ptr %control, i64 36
  %v57 = load i64, ptr %v56, align 8
  %v58 = getelementptr inbounds i64, ptr %control, i64 22
  %v59 = load i64, ptr %v58, align 8
  %v60 = icmp sle i64 %v57, %v59
  %v61 = load i64, ptr %v58, align 8
  %v62 = load double, ptr %control, align 8
  %v63 = getelementptr inbounds i64, ptr %control, i64 17
  %v64 = load double, ptr %v63, align 8
  %v65 = select i1 %v60, double %v62, double %v64
  store double %v65, ptr %v63, align 8
  %v66 = getelementptr inbounds i64, ptr %control, i64 1
  %v67 = load double, ptr %v66, align 8
  %v68 = getelementptr inbounds i64, ptr %control, i64 18
  %v69 = load double, ptr %v68, align 8
  %v70 = select i1 %v60, double %v67, double %v69
  store double %v70, ptr %v68, align 8
  %v71 = getelementptr inbounds i64, ptr %control, i64 24
  %v72 = load i64, ptr %v71, align 8
  %v73 = getelementptr inbounds i64, ptr %control, i64 37
  %v74 = load i64, ptr %v73, align 8
  %v75 = select i1 %v60, i64 %v72, i64 %v74
  store i64 %v75, ptr %v73, align 8
  %v76 = add i64 %v61, %v36
  %v77 = load i64, ptr %v56, align 8
  %v78 = select i1 %v60, i64 %v76, i64 %v77
  store i64 %v78, ptr %v56, align 8
  %v79 = getelementptr inbounds i64, ptr %control, i64 23
  %v80 = load i64, ptr %v79, align 8
  %v81 = load i64, ptr %v56, align 8
  %v82 = icmp sgt i64 %v80, %v61
  %v83 = icmp slt i64 %v80, %v81
  %v84 = and i1 %v82, %v83
  %v85 = select i1 %v84, i64 %v80, i64 %v81
  %v86 = getelementptr inbounds i64, ptr %control, i64 35
  store i64 %v85, ptr %v86, align 8
  ret i64 -11
step55:
  ret i64 -10
begin54:
  ret i64 -9
}
define i64 @taylor.steps.check(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds double, ptr %v3, i64 %v5
  %v7 = getelementptr inbounds i64, ptr %frame, i64 5
  %v8 = load ptr, ptr %v7, align 8
  %v9 = getelementptr inbounds i64, ptr %frame, i64 9
  %v10 = load i64, ptr %v9, align 8
  %v11 = getelementptr inbounds double, ptr %v8, i64 %v10
  %v12 = mul i64 %v2, 0
  %v13 = getelementptr inbounds double, ptr %v8, i64 %v12
  %v14 = getelementptr inbounds double, ptr %v11, i64 %v12
  %v15 = getelementptr inbounds double, ptr %v8, i64 %v2
  %v16 = getelementptr inbounds double, ptr %v11, i64 %v2
  %v17 = mul i64 %v2, 2
  %v18 = getelementptr inbounds double, ptr %v8, i64 %v17
  %v19 = getelementptr inbounds double, ptr %v11, i64 %v17
  %v20 = mul i64 %v2, 3
  %v21 = getelementptr inbounds double, ptr %v8, i64 %v20
  %v22 = getelementptr inbounds double, ptr %v11, i64 %v20
  %v23 = getelementptr inbounds i64, ptr %frame, i64 4
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 6
  %v26 = load ptr, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 2
  %v28 = load ptr, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 3
  %v30 = load ptr, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 11
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 13
  %v34 = load double, ptr %v33, align 8
  %v35 = getelementptr inbounds i64, ptr %frame, i64 12
  %v36 = load i64, ptr %v35, align 8
  %v37 = getelementptr inbounds i64, ptr %frame, i64 10
  %v38 = load i64, ptr %v37, align 8
  %v39 = getelementptr inbounds i64, ptr %frame, i64 1
  %v40 = load ptr, ptr %v39, align 8
  %v41 = getelementptr inbounds double, ptr %v3, i64 %v12
  %v42 = getelementptr inbounds double, ptr %v6, i64 %v12
  %v43 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v44 = getelementptr inbounds double, ptr %v6, i64 %v2
  %v45 = getelementptr inbounds double, ptr %v3, i64 %v17
  %v46 = getelementptr inbounds double, ptr %v6, i64 %v17
  %v47 = getelementptr inbounds double, ptr %v3, i64 %v20
  %v48 = getelementptr inbounds double, ptr %v6, i64 %v20
  %v49 = mul i64 %v2, 4
  %v50 = getelementptr inbounds double, ptr %v3, i64 %v49
  %v51 = getelementptr inbounds double, ptr %v6, i64 %v49
  %v52 = getelementptr inbounds i64, ptr %control, i64 8
  %v53 = load double, ptr %v52, align 8
  br label %while56
while56:
  %v59 = phi i64 [ 0, %entry ], [ %v72, %do57 ]
  %v60 = phi double [ 0x0000000000000000, %entry ], [ %v71, %do57 ]
  %v61 = icmp slt i64 %v59, %v2
  br i1 %v61, label %do57, label %done58
do57:
  %v62 = getelementptr inbounds double, ptr %v13, i64 %v59
  %v63 = getelementptr inbounds double, ptr %v14, i64 %v59
  %v64 = load double, ptr %v62, align 8
  %v65 = load double, ptr %v63, align 8
  %v66 = call double @llvm.fma.f64(double %v64, double 0x0000000000000000, double %v60)
  %v67 = getelementptr inbounds double, ptr %v41, i64 %v59
  %v68 = getelementptr inbounds double, ptr %v42, i64 %v59
  %v69 = load double, ptr %v67, align 8
  %v70 = load double, ptr %v68, align 8
  %v71 = call double @llvm.fma.f64(double %v69, double 0x0000000000000000, double %v66)
  %v72 = add i64 %v59, 1
  br label %while56
done58:
  %v73 = fcmp une double %v60, 0x0000000000000000
  %v74 = xor i1 %v73, true
  %v75 = getelementptr inbounds i64, ptr %control, i64 21
  %v76 = load i64, ptr %v75, align 8
  %v77 = icmp ne i64 %v76, 0
  %v78 = or i1 %v74, %v77
  %v79 = xor i1 %v78, true
  br i1 %v79, label %again80, label %stay81
again80:
  %v82 = getelementptr inbounds i64, ptr %control, i64 26
  %v83 = load i64, ptr %v82, align 8
  %v84 = add i64 %v83, 1
  %v85 = icmp sgt i64 %v84, 40
  br i1 %v85, label %leave86, label %stay87
leave86:
  ret i64 3
stay87:
  store i64 %v84, ptr %v82, align 8
  %v88 = fmul double %v53, 0x3EB0000000000000
  store double %v88, ptr %v52, align 8
  br label %step55
stay81:
  br i1 %v77, label %check89, label %checked90
check89:
  %v91 = getelementptr inbounds i64, ptr %control, i64 6
  %v92 = load double, ptr %v91, align 8
  %v93 = bitcast double %v92 to i64
  %v94 = and i64 %v93, 9223372036854775807
  %v95 = bitcast i64 %v94 to double
  %v96 = getelementptr inbounds i64, ptr %frame, i64 14
  %v97 = load double, ptr %v96, align 8
  %v98 = getelementptr inbounds i64, ptr %control, i64 12
  %v99 = load double, ptr %v98, align 8
  %v100 = fdiv double %v95, %v53
  %v101 = call  double @taylor.largest(ptr %v13, ptr %v14, i64 %v2)
  %v102 = bitcast double %v100 to i64
  %v103 = and i64 %v102, 9223372036854775807
  %v104 = bitcast i64 %v103 to double
  %v105 = fmul double %v101, %v104
  %v106 = fcmp ogt double %v99, %v105
  %v107 = select i1 %v106, double %v99, double %v105
  %v108 = getelementptr inbounds i64, ptr %control, i64 15
  %v109 = load double, ptr %v108, align 8
  %v110 = call double @llvm.fma.f64(double %v107, double %v109, double 0x07B0000000000000)
  %v111 = fcmp ole double %v97, %v110
  %v112 = and i1 %v74, %v111
  %v113 = xor i1 %v74, true
  %v114 = zext i1 %v113 to i64
  %v115 = getelementptr inbounds i64, ptr %control, i64 25
  store i64 %v114, ptr %v115, align 8
  %v116 = xor i1 %v112, true
  br i1 %v116, label %again117, label %stay118
again117:
  br label %while119
while119:
  %v122 = phi i64 [ 0, %again117 ], [ %v130, %do120 ]
  %v123 = icmp slt i64 %v122, %v2
  br i1 %v123, label %do120, label %done121
do120:
  %v124 = getelementptr inbounds double, ptr %v41, i64 %v122
  %v125 = getelementptr inbounds double, ptr %v42, i64 %v122
  %v126 = getelementptr inbounds double, ptr %v45, i64 %v122
  %v127 = getelementptr inbounds double, ptr %v46, i64 %v122
  %v128 = load double, ptr %v126, align 8
  %v129 = load double, ptr %v127, align 8
  store double %v128, ptr %v124, align 8
  store double %v129, ptr %v125, align 8
  %v130 = add i64 %v122, 1
  br label %while119
done121:
  br label %while131
while131:
  %v134 = phi i64 [ 0, %done121 ], [ %v142, %do132 ]
  %v135 = icmp slt i64 %v134, %v2
  br i1 %v135, label %do132, label %done133
do132:
  %v136 = getelementptr inbounds double, ptr %v43, i64 %v134
  %v137 = getelementptr inbounds double, ptr %v44, i64 %v134
  %v138 = getelementptr inbounds double, ptr %v47, i64 %v134
  %v139 = getelementptr inbounds double, ptr %v48, i64 %v134
  %v140 = load double, ptr %v138, align 8
  %v141 = load double, ptr %v139, align 8
  store double %v140, ptr %v136, align 8
  store double %v141, ptr %v137, align 8
  %v142 = add i64 %v134, 1
  br label %while131
done133:
  %v143 = getelementptr inbounds i64, ptr %control, i64 4
  %v144 = load double, ptr %v143, align 8
  store double %v144, ptr %control, align 8
  %v145 = getelementptr inbounds i64, ptr %control, i64 5
  %v146 = load double, ptr %v145, align 8
  %v147 = getelementptr inbounds i64, ptr %control, i64 1
  store double %v146, ptr %v147, align 8
  %v148 = load double, ptr %v91, align 8
  %v149 = bitcast double %v148 to i64
  %v150 = and i64 %v149, 9223372036854775807
  %v151 = bitcast i64 %v150 to double
  %v152 = fmul double %v151, 0x3FE0000000000000
  %v153 = getelementptr inbounds i64, ptr %control, i64 10
  store double %v152, ptr %v153, align 8
  %v154 = getelementptr inbounds i64, ptr %control, i64 9
  store double %v152, ptr %v154, align 8
  store i64 0, ptr %v75, align 8
  %v155 = getelementptr inbounds i64, ptr %control, i64 24
  %v156 = load i64, ptr %v155, align 8
  %v157 = add i64 %v156, 1
  store i64 %v157, ptr %v155, align 8
  %v158 = load i64, ptr %v155, align 8
  %v159 = getelementptr inbounds i64, ptr %control, i64 37
  %v160 = load i64, ptr %v159, align 8
  %v161 = sub i64 %v158, %v160
  %v162 = icmp sge i64 %v161, 2048
  %v163 = getelementptr inbounds i64, ptr %control, i64 22
  %v164 = load i64, ptr %v163, align 8
  %v165 = add i64 %v164, 1
  %v166 = getelementptr inbounds i64, ptr %control, i64 36
  %v167 = load i64, ptr %v166, align 8
  %v168 = select i1 %v162, i64 %v165, i64 %v167
  store i64 %v168, ptr %v166, align 8
  %v169 = getelementptr inbounds i64, ptr %control, i64 35
  %v170 = load i64, ptr %v169, align 8
  %v171 = select i1 %v162, i64 %v165, i64 %v170
  store i64 %v171, ptr %v169, align 8
  br label %step55
stay118:
  %v172 = getelementptr inbounds i64, ptr %control, i64 32
  %v173 = load i64, ptr %v172, align 8
  %v174 = icmp ne i64 %v173, 0
  br i1 %v174, label %then175, label %else176
then175:
  %v178 = load ptr, ptr %v172, align 8
  %v179 = getelementptr inbounds i64, ptr %control, i64 33
  %v180 = load ptr, ptr %v179, align 8
  %v181 = getelementptr inbounds i64, ptr %control, i64 27
  %v182 = load i64, ptr %v181, align 8
  %v183 = mul i64 %v182, %v38
  %v184 = getelementptr inbounds double, ptr %v28, i64 %v183
  %v185 = call i64 %v178(ptr %control, ptr %v180, ptr %v41, ptr %v43, ptr %v184, ptr %v40)
  br label %endif177
else176:
  br label %endif177
endif177:
  %v186 = phi i64 [ %v185, %then175 ], [ 0, %else176 ]
  %v187 = icmp eq i64 %v186, 16
  %v188 = icmp eq i64 %v186, 17
  %v189 = or i1 %v187, %v188
  br i1 %v189, label %leave190, label %stay191
leave190:
  ret i64 %v186
stay191:
  store i64 0, ptr %v75, align 8
  %v192 = getelementptr inbounds i64, ptr %control, i64 26
  store i64 0, ptr %v192, align 8
  %v193 = getelementptr inbounds i64, ptr %control, i64 10
  store double 0x7FF0000000000000, ptr %v193, align 8
  %v194 = load double, ptr %v91, align 8
  %v195 = bitcast double %v194 to i64
  %v196 = and i64 %v195, 9223372036854775807
  %v197 = bitcast i64 %v196 to double
  %v198 = fcmp ogt double %v197, 0x0000000000000000
  br i1 %v198, label %then199, label %endif201
then199:
  %v202 = getelementptr inbounds i64, ptr %control, i64 13
  %v203 = load double, ptr %v202, align 8
  %v204 = fcmp olt double %v197, %v203
  %v205 = load double, ptr %v202, align 8
  %v206 = select i1 %v204, double %v197, double %v205
  store double %v206, ptr %v202, align 8
  %v207 = getelementptr inbounds i64, ptr %control, i64 14
  %v208 = load double, ptr %v207, align 8
  %v209 = fcmp ogt double %v197, %v208
  %v210 = load double, ptr %v207, align 8
  %v211 = select i1 %v209, double %v197, double %v210
  store double %v211, ptr %v207, align 8
  %v212 = getelementptr inbounds i64, ptr %control, i64 29
  %v213 = load i64, ptr %v212, align 8
  %v214 = icmp ne i64 %v213, 0
  br i1 %v214, label %then215, label %endif217
then215:
  %v218 = getelementptr inbounds i64, ptr %control, i64 27
  %v219 = load i64, ptr %v218, align 8
  %v220 = mul i64 %v219, %v38
  %v221 = getelementptr inbounds double, ptr %v28, i64 %v220
  %v222 = load double, ptr %v91, align 8
  %v223 = getelementptr inbounds double, ptr %v221, i64 3
  store double %v222, ptr %v223, align 8
  %v224 = getelementptr inbounds i64, ptr %control, i64 30
  %v225 = load i64, ptr %v224, align 8
  %v226 = getelementptr inbounds i64, ptr %control, i64 31
  %v227 = load i64, ptr %v226, align 8
  %v228 = icmp slt i64 %v225, %v227
  br i1 %v228, label %then229, label %endif231
then229:
  %v232 = getelementptr inbounds i64, ptr %control, i64 34
  %v233 = load i64, ptr %v232, align 8
  %v234 = inttoptr i64 %v233 to ptr
  call void %v234(ptr %control, ptr %v221, ptr %v30, ptr %v41, ptr %v42, i64 %v32, i64 %v2)
  br label %endif231
endif231:
  %v235 = icmp eq i64 %v213, 1
  %v236 = zext i1 %v235 to i64
  %v237 = load i64, ptr %v218, align 8
  %v238 = add i64 %v237, %v236
  store i64 %v238, ptr %v218, align 8
  br label %endif217
endif217:
  %v239 = getelementptr inbounds i64, ptr %control, i64 22
  %v240 = load i64, ptr %v239, align 8
  %v241 = add i64 %v240, 1
  store i64 %v241, ptr %v239, align 8
  br label %endif201
endif201:
  %v242 = icmp eq i64 %v186, 18
  %v243 = icmp eq i64 %v186, 19
  %v244 = icmp eq i64 %v186, 20
  %v245 = or i1 %v242, %v243
  %v246 = or i1 %v245, %v244
  br i1 %v246, label %leave247, label %stay248
leave247:
  ret i64 %v186
stay248:
  %v249 = getelementptr inbounds i64, ptr %control, i64 29
  %v250 = load i64, ptr %v249, align 8
  %v251 = icmp eq i64 %v250, 1
  %v252 = getelementptr inbounds i64, ptr %control, i64 27
  %v253 = load i64, ptr %v252, align 8
  %v254 = getelementptr inbounds i64, ptr %control, i64 28
  %v255 = load i64, ptr %v254, align 8
  %v256 = icmp eq i64 %v253, %v255
  %v257 = and i1 %v251, %v256
  br i1 %v257, label %leave258, label %stay259
leave258:
  ret i64 2
stay259:
  %v260 = getelementptr inbounds i64, ptr %control, i64 22
  %v261 = load i64, ptr %v260, align 8
  %v262 = getelementptr inbounds i64, ptr %control, i64 35
  %v263 = load i64, ptr %v262, align 8
  %v264 = icmp eq i64 %v261, %v263
  %v265 = getelementptr inbounds i64, ptr %control, i64 2
  %v266 = load double, ptr %v265, align 8
  %v267 = load double, ptr %control, align 8
  %v268 = fsub double %v266, %v267
  %v269 = getelementptr inbounds i64, ptr %control, i64 3
  %v270 = load double, ptr %v269, align 8
  %v271 = getelementptr inbounds i64, ptr %control, i64 1
  %v272 = load double, ptr %v271, align 8
  %v273 = fsub double %v270, %v272
  %v274 = fadd double %v268, %v273
  %v275 = fcmp oeq double %v274, 0x0000000000000000
  %v276 = xor i1 %v275, true
  %v277 = and i1 %v264, %v276
  br i1 %v277, label %look278, label %stay279
look278:
  %v280 = getelementptr inbounds i64, ptr %control, i64 36
  %v281 = load i64, ptr %v280, align 8
  %v282 = load i64, ptr %v260, align 8
  %v283 = icmp sle i64 %v281, %v282
  %v284 = getelementptr inbounds i64, ptr %control, i64 24
  %v285 = load i64, ptr %v284, align 8
  %v286 = getelementptr inbounds i64, ptr %control, i64 37
  %v287 = load i64, ptr %v286, align 8
  %v288 = sub i64 %v285, %v287
  %v289 = icmp sge i64 %v288, 2048
  %v290 = load double, ptr %control, align 8
  %v291 = getelementptr inbounds i64, ptr %control, i64 17
  %v292 = load double, ptr %v291, align 8
  %v293 = fsub double %v290, %v292
  %v294 = load double, ptr %v271, align 8
  %v295 = getelementptr inbounds i64, ptr %control, i64 18
  %v296 = load double, ptr %v295, align 8
  %v297 = fsub double %v294, %v296
  %v298 = fadd double %v293, %v297
  %v299 = bitcast double %v298 to i64
  %v300 = and i64 %v299, 9223372036854775807
  %v301 = bitcast i64 %v300 to double
  %v302 = getelementptr inbounds i64, ptr %control, i64 16
  %v303 = load double, ptr %v302, align 8
  %v304 = getelementptr inbounds i64, ptr %control, i64 14
  %v305 = load double, ptr %v304, align 8
  %v306 = fcmp ogt double %v303, %v305
  %v307 = select i1 %v306, double %v303, double %v305
  %v308 = load double, ptr %v265, align 8
  %v309 = load double, ptr %control, align 8
  %v310 = fsub double %v308, %v309
  %v311 = load double, ptr %v269, align 8
  %v312 = load double, ptr %v271, align 8
  %v313 = fsub double %v311, %v312
  %v314 = fadd double %v310, %v313
  %v315 = bitcast double %v314 to i64
  %v316 = and i64 %v315, 9223372036854775807
  %v317 = bitcast i64 %v316 to double
  %v318 = fcmp olt double %v317, %v307
  %v319 = select i1 %v318, double %v317, double %v307
  %v320 = select i1 %v289, double 0x3EB0000000000000, double 0x3E10000000000000
  %v321 = fmul double %v319, %v320
  %v322 = fcmp olt double %v301, %v321
  %v323 = and i1 %v283, %v322
  %v324 = xor i1 %v323, true
  %v325 = and i1 %v283, %v324
  %v326 = load i64, ptr %v260, align 8
  %v327 = load double, ptr %control, align 8
  %v328 = load double, ptr %v291, align 8
  %v329 = select i1 %v325, double %v327, double %v328
  store double %v329, ptr %v291, align 8
  %v330 = load double, ptr %v271, align 8
  %v331 = load double, ptr %v295, align 8
  %v332 = select i1 %v325, double %v330, double %v331
  store double %v332, ptr %v295, align 8
  %v333 = load i64, ptr %v284, align 8
  %v334 = load i64, ptr %v286, align 8
  %v335 = select i1 %v325, i64 %v333, i64 %v334
  store i64 %v335, ptr %v286, align 8
  %v336 = add i64 %v326, %v36
  %v337 = load i64, ptr %v280, align 8
  %v338 = select i1 %v325, i64 %v336, i64 %v337
  store i64 %v338, ptr %v280, align 8
  %v339 = getelementptr inbounds i64, ptr %control, i64 23
  %v340 = load i64, ptr %v339, align 8
  %v341 = load i64, ptr %v280, align 8
  %v342 = icmp sgt i64 %v340, %v326
  %v343 = icmp slt i64 %v340, %v341
  %v344 = and i1 %v342, %v343
  %v345 = select i1 %v344, i64 %v340, i64 %v341
  store i64 %v345, ptr %v262, align 8
  br i1 %v323, label %leave346, label %stay347
leave346:
  ret i64 4
stay347:
  %v348 = load i64, ptr %v260, align 8
  %v349 = load i64, ptr %v339, align 8
  %v350 = icmp eq i64 %v348, %v349
  br i1 %v350, label %leave351, label %stay352
leave351:
  ret i64 1
stay352:
  br label %stay279
stay279:
  %v354 = icmp eq i64 %v186, 21
  br i1 %v354, label %begin54, label %stay353
stay353:
  br label %checked90
checked90:
  %v355 = getelementptr inbounds i64, ptr %control, i64 2
  %v356 = load double, ptr %v355, align 8
  %v357 = load double, ptr %control, align 8
  %v358 = fsub double %v356, %v357
  %v359 = getelementptr inbounds i64, ptr %control, i64 3
  %v360 = load double, ptr %v359, align 8
  %v361 = getelementptr inbounds i64, ptr %control, i64 1
  %v362 = load double, ptr %v361, align 8
  %v363 = fsub double %v360, %v362
  %v364 = fadd double %v358, %v363
  %v365 = fcmp oeq double %v364, 0x0000000000000000
  br i1 %v365, label %leave366, label %stay367
leave366:
  ret i64 0
stay367:
  %v368 = getelementptr inbounds i64, ptr %control, i64 9
  %v369 = load double, ptr %v368, align 8
  %v370 = fcmp oeq double %v369, 0x0000000000000000
  %v371 = getelementptr inbounds i64, ptr %control, i64 26
  %v372 = load i64, ptr %v371, align 8
  %v373 = icmp eq i64 %v372, 0
  %v374 = and i1 %v370, %v373
  br i1 %v374, label %again375, label %stay376
again375:
  %v377 = call  double @taylor.largest(ptr %v41, ptr %v42, i64 %v2)
  %v378 = call  double @taylor.largest(ptr %v13, ptr %v14, i64 %v2)
  %v379 = fmul double %v377, %v53
  %v380 = fdiv double %v379, %v378
  %v381 = fcmp ogt double %v377, 0x0000000000000000
  %v382 = fcmp ogt double %v378, 0x0000000000000000
  %v383 = and i1 %v381, %v382
  %v384 = fcmp olt double %v380, 0x7FF0000000000000
  %v385 = and i1 %v383, %v384
  %v386 = bitcast double %v364 to i64
  %v387 = and i64 %v386, 9223372036854775807
  %v388 = bitcast i64 %v387 to double
  %v389 = fcmp olt double %v388, 0x7830000000000000
  %v390 = select i1 %v389, double %v388, double 0x3FF0000000000000
  %v391 = fmul double %v390, 0x3F50000000000000
  %v392 = select i1 %v385, double %v380, double %v391
  %v393 = bitcast double %v392 to i64
  %v394 = and i64 %v393, 9218868437227405312
  %v395 = bitcast i64 %v394 to double
  store double %v395, ptr %v52, align 8
  store i64 1, ptr %v371, align 8
  br label %step55
stay376:
  ret i64 -11
step55:
  ret i64 -10
begin54:
  ret i64 -9
}
define internal double @taylor.largest(ptr %x0, ptr %x1, i64 %x2) nounwind noinline {
entry:
  br label %while1
while1:
  %v4 = phi i64 [ 0, %entry ], [ %v16, %do2 ]
  %v5 = phi double [ 0x0000000000000000, %entry ], [ %v15, %do2 ]
  %v6 = icmp slt i64 %v4, %x2
  br i1 %v6, label %do2, label %done3
do2:
  %v7 = getelementptr inbounds double, ptr %x0, i64 %v4
  %v8 = getelementptr inbounds double, ptr %x1, i64 %v4
  %v9 = load double, ptr %v7, align 8
  %v10 = load double, ptr %v8, align 8
  %v11 = bitcast double %v9 to i64
  %v12 = and i64 %v11, 9223372036854775807
  %v13 = bitcast i64 %v12 to double
  %v14 = fcmp ogt double %v13, %v5
  %v15 = select i1 %v14, double %v13, double %v5
  %v16 = add i64 %v4, 1
  br label %while1
done3:
  ret double %v5
}
define i64 @taylor.steps.measure(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds double, ptr %v3, i64 %v5
  %v7 = getelementptr inbounds i64, ptr %frame, i64 5
  %v8 = load ptr, ptr %v7, align 8
  %v9 = getelementptr inbounds i64, ptr %frame, i64 9
  %v10 = load i64, ptr %v9, align 8
  %v11 = getelementptr inbounds double, ptr %v8, i64 %v10
  %v12 = mul i64 %v2, 0
  %v13 = getelementptr inbounds double, ptr %v8, i64 %v12
  %v14 = getelementptr inbounds double, ptr %v11, i64 %v12
  %v15 = getelementptr inbounds double, ptr %v8, i64 %v2
  %v16 = getelementptr inbounds double, ptr %v11, i64 %v2
  %v17 = mul i64 %v2, 2
  %v18 = getelementptr inbounds double, ptr %v8, i64 %v17
  %v19 = getelementptr inbounds double, ptr %v11, i64 %v17
  %v20 = mul i64 %v2, 3
  %v21 = getelementptr inbounds double, ptr %v8, i64 %v20
  %v22 = getelementptr inbounds double, ptr %v11, i64 %v20
  %v23 = getelementptr inbounds i64, ptr %frame, i64 4
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 6
  %v26 = load ptr, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 2
  %v28 = load ptr, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 3
  %v30 = load ptr, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 11
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 13
  %v34 = load double, ptr %v33, align 8
  %v35 = getelementptr inbounds i64, ptr %frame, i64 12
  %v36 = load i64, ptr %v35, align 8
  %v37 = getelementptr inbounds i64, ptr %frame, i64 10
  %v38 = load i64, ptr %v37, align 8
  %v39 = getelementptr inbounds i64, ptr %frame, i64 1
  %v40 = load ptr, ptr %v39, align 8
  %v41 = getelementptr inbounds double, ptr %v3, i64 %v12
  %v42 = getelementptr inbounds double, ptr %v6, i64 %v12
  %v43 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v44 = getelementptr inbounds double, ptr %v6, i64 %v2
  %v45 = getelementptr inbounds double, ptr %v3, i64 %v17
  %v46 = getelementptr inbounds double, ptr %v6, i64 %v17
  %v47 = getelementptr inbounds double, ptr %v3, i64 %v20
  %v48 = getelementptr inbounds double, ptr %v6, i64 %v20
  %v49 = mul i64 %v2, 4
  %v50 = getelementptr inbounds double, ptr %v3, i64 %v49
  %v51 = getelementptr inbounds double, ptr %v6, i64 %v49
  %v52 = getelementptr inbounds i64, ptr %control, i64 8
  %v53 = load double, ptr %v52, align 8
  br label %while56
while56:
  %v59 = phi i64 [ 0, %entry ], [ %v72, %do57 ]
  %v60 = phi double [ 0x0000000000000000, %entry ], [ %v71, %do57 ]
  %v61 = icmp slt i64 %v59, %v2
  br i1 %v61, label %do57, label %done58
do57:
  %v62 = getelementptr inbounds double, ptr %v15, i64 %v59
  %v63 = getelementptr inbounds double, ptr %v16, i64 %v59
  %v64 = load double, ptr %v62, align 8
  %v65 = load double, ptr %v63, align 8
  %v66 = call double @llvm.fma.f64(double %v64, double 0x0000000000000000, double %v60)
  %v67 = getelementptr inbounds double, ptr %v18, i64 %v59
  %v68 = getelementptr inbounds double, ptr %v19, i64 %v59
  %v69 = load double, ptr %v67, align 8
  %v70 = load double, ptr %v68, align 8
  %v71 = call double @llvm.fma.f64(double %v69, double 0x0000000000000000, double %v66)
  %v72 = add i64 %v59, 1
  br label %while56
done58:
  %v73 = fcmp une double %v60, 0x0000000000000000
  %v74 = xor i1 %v73, true
  %v75 = xor i1 %v74, true
  br i1 %v75, label %again76, label %stay77
again76:
  %v78 = getelementptr inbounds i64, ptr %control, i64 26
  %v79 = load i64, ptr %v78, align 8
  %v80 = add i64 %v79, 1
  %v81 = icmp sgt i64 %v80, 40
  br i1 %v81, label %leave82, label %stay83
leave82:
  ret i64 3
stay83:
  store i64 %v80, ptr %v78, align 8
  %v84 = fmul double %v53, 0x3EB0000000000000
  store double %v84, ptr %v52, align 8
  br label %step55
stay77:
  %v85 = getelementptr inbounds i64, ptr %control, i64 2
  %v86 = load double, ptr %v85, align 8
  %v87 = load double, ptr %control, align 8
  %v88 = fsub double %v86, %v87
  %v89 = getelementptr inbounds i64, ptr %control, i64 3
  %v90 = load double, ptr %v89, align 8
  %v91 = getelementptr inbounds i64, ptr %control, i64 1
  %v92 = load double, ptr %v91, align 8
  %v93 = fsub double %v90, %v92
  %v94 = fadd double %v88, %v93
  %v95 = bitcast double %v94 to i64
  %v96 = and i64 %v95, 9223372036854775807
  %v97 = bitcast i64 %v96 to double
  %v98 = fcmp olt double %v97, 0x7830000000000000
  %v99 = select i1 %v98, double %v97, double 0x3FF0000000000000
  %v100 = getelementptr inbounds i64, ptr %control, i64 9
  %v101 = load double, ptr %v100, align 8
  %v102 = fdiv double %v101, %v53
  %v103 = call  double @taylor.largest(ptr %v41, ptr %v42, i64 %v2)
  %v104 = call  double @taylor.largest(ptr %v13, ptr %v14, i64 %v2)
  %v105 = bitcast double %v102 to i64
  %v106 = and i64 %v105, 9223372036854775807
  %v107 = bitcast i64 %v106 to double
  %v108 = fmul double %v104, %v107
  %v109 = fcmp ogt double %v103, %v108
  %v110 = select i1 %v109, double %v103, double %v108
  %v111 = getelementptr inbounds i64, ptr %control, i64 12
  store double %v110, ptr %v111, align 8
  %v112 = call  double @taylor.largest(ptr %v15, ptr %v16, i64 %v2)
  %v113 = call  double @taylor.largest(ptr %v18, ptr %v19, i64 %v2)
  %v114 = getelementptr inbounds i64, ptr %control, i64 19
  store double %v112, ptr %v114, align 8
  %v115 = getelementptr inbounds i64, ptr %control, i64 20
  store double %v113, ptr %v115, align 8
  %v116 = fcmp ogt double %v110, 0x0000000000000000
  %v117 = fcmp olt double %v110, 0x0DF0000000000000
  %v118 = and i1 %v116, %v117
  %v119 = select i1 %v118, double 0x71F0000000000000, double 0x3FF0000000000000
  %v120 = fmul double %v112, %v119
  %v121 = fcmp oeq double %v120, 0x0000000000000000
  %v122 = fmul double %v113, %v119
  %v123 = fcmp oeq double %v122, 0x0000000000000000
  %v124 = and i1 %v121, %v123
  %v125 = getelementptr inbounds i64, ptr %control, i64 29
  %v126 = load i64, ptr %v125, align 8
  %v127 = icmp ne i64 %v126, 0
  %v128 = or i1 %v127, %v124
  %v129 = select i1 %v128, i64 -12, i64 -11
  ret i64 %v129
step55:
  ret i64 -10
begin54:
  ret i64 -9
}
define i64 @taylor.steps.choose(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds double, ptr %v3, i64 %v5
  %v7 = getelementptr inbounds i64, ptr %frame, i64 5
  %v8 = load ptr, ptr %v7, align 8
  %v9 = getelementptr inbounds i64, ptr %frame, i64 9
  %v10 = load i64, ptr %v9, align 8
  %v11 = getelementptr inbounds double, ptr %v8, i64 %v10
  %v12 = mul i64 %v2, 0
  %v13 = getelementptr inbounds double, ptr %v8, i64 %v12
  %v14 = getelementptr inbounds double, ptr %v11, i64 %v12
  %v15 = getelementptr inbounds double, ptr %v8, i64 %v2
  %v16 = getelementptr inbounds double, ptr %v11, i64 %v2
  %v17 = mul i64 %v2, 2
  %v18 = getelementptr inbounds double, ptr %v8, i64 %v17
  %v19 = getelementptr inbounds double, ptr %v11, i64 %v17
  %v20 = mul i64 %v2, 3
  %v21 = getelementptr inbounds double, ptr %v8, i64 %v20
  %v22 = getelementptr inbounds double, ptr %v11, i64 %v20
  %v23 = getelementptr inbounds i64, ptr %frame, i64 4
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 6
  %v26 = load ptr, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 2
  %v28 = load ptr, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 3
  %v30 = load ptr, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 11
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 13
  %v34 = load double, ptr %v33, align 8
  %v35 = getelementptr inbounds i64, ptr %frame, i64 12
  %v36 = load i64, ptr %v35, align 8
  %v37 = getelementptr inbounds i64, ptr %frame, i64 10
  %v38 = load i64, ptr %v37, align 8
  %v39 = getelementptr inbounds i64, ptr %frame, i64 1
  %v40 = load ptr, ptr %v39, align 8
  %v41 = getelementptr inbounds double, ptr %v3, i64 %v12
  %v42 = getelementptr inbounds double, ptr %v6, i64 %v12
  %v43 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v44 = getelementptr inbounds double, ptr %v6, i64 %v2
  %v45 = getelementptr inbounds double, ptr %v3, i64 %v17
  %v46 = getelementptr inbounds double, ptr %v6, i64 %v17
  %v47 = getelementptr inbounds double, ptr %v3, i64 %v20
  %v48 = getelementptr inbounds double, ptr %v6, i64 %v20
  %v49 = mul i64 %v2, 4
  %v50 = getelementptr inbounds double, ptr %v3, i64 %v49
  %v51 = getelementptr inbounds double, ptr %v6, i64 %v49
  %v52 = getelementptr inbounds i64, ptr %control, i64 8
  %v53 = load double, ptr %v52, align 8
  %v56 = getelementptr inbounds i64, ptr %control, i64 2
  %v57 = load double, ptr %v56, align 8
  %v58 = load double, ptr %control, align 8
  %v59 = fsub double %v57, %v58
  %v60 = getelementptr inbounds i64, ptr %control, i64 3
  %v61 = load double, ptr %v60, align 8
  %v62 = getelementptr inbounds i64, ptr %control, i64 1
  %v63 = load double, ptr %v62, align 8
  %v64 = fsub double %v61, %v63
  %v65 = fadd double %v59, %v64
  %v66 = bitcast double %v65 to i64
  %v67 = and i64 %v66, 9223372036854775807
  %v68 = bitcast i64 %v67 to double
  %v69 = fcmp olt double %v68, 0x7830000000000000
  %v70 = select i1 %v69, double %v68, double 0x3FF0000000000000
  %v71 = getelementptr inbounds i64, ptr %control, i64 12
  %v72 = load double, ptr %v71, align 8
  %v73 = getelementptr inbounds i64, ptr %control, i64 19
  %v74 = load double, ptr %v73, align 8
  %v75 = getelementptr inbounds i64, ptr %control, i64 20
  %v76 = load double, ptr %v75, align 8
  %v77 = getelementptr inbounds i64, ptr %control, i64 9
  %v78 = load double, ptr %v77, align 8
  %v79 = fcmp ogt double %v72, 0x0000000000000000
  %v80 = fcmp olt double %v72, 0x0DF0000000000000
  %v81 = and i1 %v79, %v80
  %v82 = select i1 %v81, double 0x71F0000000000000, double 0x3FF0000000000000
  %v83 = fmul double %v74, %v82
  %v84 = sub i64 %v32, 1
  %v85 = fmul double %v76, %v82
  %v86 = fcmp oeq double %v83, 0x0000000000000000
  %v87 = fcmp oeq double %v85, 0x0000000000000000
  %v88 = and i1 %v86, %v87
  %v89 = fmul double %v72, %v82
  %v90 = call  double @taylor.log2(double %v89)
  %v91 = call  double @taylor.log2(double %v83)
  %v92 = sub i64 %v32, 0
  %v93 = sitofp i64 %v92 to double
  %v94 = fdiv double 0x3FF0000000000000, %v93
  %v95 = fneg double %v91
  %v96 = call double @llvm.fma.f64(double %v90, double %v94, double %v34)
  %v97 = call double @llvm.fma.f64(double %v95, double %v94, double %v96)
  %v98 = call  double @taylor.log2(double %v85)
  %v99 = sub i64 %v84, 0
  %v100 = sitofp i64 %v99 to double
  %v101 = fdiv double 0x3FF0000000000000, %v100
  %v102 = fneg double %v98
  %v103 = call double @llvm.fma.f64(double %v90, double %v101, double %v34)
  %v104 = call double @llvm.fma.f64(double %v102, double %v101, double %v103)
  %v105 = fcmp olt double %v97, %v104
  %v106 = select i1 %v105, double %v97, double %v104
  %v107 = fcmp oeq double %v78, 0x0000000000000000
  br i1 %v107, label %then108, label %else109
then108:
  %v111 = call  double @taylor.largest(ptr %v13, ptr %v14, i64 %v2)
  %v112 = fmul double %v111, %v82
  %v113 = call  double @taylor.log2(double %v112)
  %v114 = fadd double %v113, %v34
  %v115 = call  double @taylor.log2(double %v83)
  %v116 = sitofp i64 %v84 to double
  %v117 = fdiv double 0x3FF0000000000000, %v116
  %v118 = fneg double %v115
  %v119 = call double @llvm.fma.f64(double %v114, double %v117, double %v34)
  %v120 = call double @llvm.fma.f64(double %v118, double %v117, double %v119)
  %v121 = call  double @taylor.log2(double %v85)
  %v122 = sub i64 %v84, 1
  %v123 = sitofp i64 %v122 to double
  %v124 = fdiv double 0x3FF0000000000000, %v123
  %v125 = fneg double %v121
  %v126 = call double @llvm.fma.f64(double %v114, double %v124, double %v34)
  %v127 = call double @llvm.fma.f64(double %v125, double %v124, double %v126)
  %v128 = fcmp olt double %v120, %v127
  %v129 = select i1 %v128, double %v120, double %v127
  %v130 = fcmp ogt double %v129, %v106
  %v131 = select i1 %v130, double %v129, double %v106
  %v132 = load double, ptr %v71, align 8
  %v133 = fcmp oeq double %v132, 0x0000000000000000
  %v134 = fcmp oeq double %v112, 0x0000000000000000
  %v135 = and i1 %v133, %v134
  %v136 = select i1 %v135, double 0x0000000000000000, double %v131
  %v137 = icmp sgt i64 %v32, 2
  %v138 = select i1 %v137, double %v136, double %v106
  br label %endif110
else109:
  br label %endif110
endif110:
  %v139 = phi double [ %v138, %then108 ], [ %v106, %else109 ]
  %v140 = call  double @taylor.exp2(double %v139, double %v53)
  br i1 %v88, label %then141, label %else142
then141:
  %v144 = load double, ptr %v77, align 8
  %v145 = select i1 %v81, double 0x3FF4000000000000, double 0x4000000000000000
  %v146 = fcmp oeq double %v144, 0x0000000000000000
  %v147 = fmul double %v70, 0x3F50000000000000
  %v148 = fmul double %v144, %v145
  %v149 = select i1 %v146, double %v147, double %v148
  %v150 = call  double @taylor.log2(double %v72)
  br label %while151
while151:
  %v154 = phi i64 [ 2, %then141 ], [ %v181, %do152 ]
  %v155 = phi double [ %v149, %then141 ], [ %v180, %do152 ]
  %v156 = icmp slt i64 %v154, %v84
  br i1 %v156, label %do152, label %done153
do152:
  %v157 = getelementptr inbounds i64, ptr %control, i64 27
  %v158 = load i64, ptr %v157, align 8
  %v159 = mul i64 %v158, %v38
  %v160 = getelementptr inbounds double, ptr %v28, i64 %v159
  %v161 = add i64 %v32, 1
  %v162 = mul i64 %v2, %v161
  %v163 = getelementptr inbounds double, ptr %v160, i64 4
  %v164 = getelementptr inbounds double, ptr %v163, i64 %v162
  %v165 = mul i64 %v154, %v2
  %v166 = getelementptr inbounds double, ptr %v163, i64 %v165
  %v167 = getelementptr inbounds double, ptr %v164, i64 %v165
  %v168 = call  double @taylor.largest(ptr %v166, ptr %v167, i64 %v2)
  %v169 = sitofp i64 %v154 to double
  %v170 = fdiv double 0x3FF0000000000000, %v169
  %v171 = call  double @taylor.log2(double %v168)
  %v172 = fsub double %v150, %v171
  %v173 = fmul double %v172, %v170
  %v174 = fadd double %v173, %v34
  %v175 = call  double @taylor.exp2(double %v174, double %v53)
  %v176 = fcmp ogt double %v175, %v149
  %v177 = select i1 %v176, double %v175, double %v149
  %v178 = fcmp ogt double %v168, 0x0000000000000000
  %v179 = and i1 %v178, %v79
  %v180 = select i1 %v179, double %v177, double %v155
  %v181 = add i64 %v154, 1
  br label %while151
done153:
  br label %endif143
else142:
  br label %endif143
endif143:
  %v182 = phi double [ %v155, %done153 ], [ %v140, %else142 ]
  %v183 = getelementptr inbounds i64, ptr %control, i64 11
  %v184 = load double, ptr %v183, align 8
  %v185 = fcmp olt double %v184, %v182
  %v186 = select i1 %v185, double %v184, double %v182
  %v187 = getelementptr inbounds i64, ptr %control, i64 10
  %v188 = load double, ptr %v187, align 8
  %v189 = fcmp olt double %v188, %v186
  %v190 = select i1 %v189, double %v188, double %v186
  %v191 = fcmp olt double %v190, 0x7830000000000000
  %v192 = select i1 %v191, double %v190, double %v70
  %v193 = fcmp olt double %v182, 0x7830000000000000
  %v194 = select i1 %v193, double %v182, double %v70
  %v195 = fmul double %v194, 0x3CD0000000000000
  %v196 = getelementptr inbounds i64, ptr %control, i64 25
  %v197 = load i64, ptr %v196, align 8
  %v198 = icmp ne i64 %v197, 0
  %v199 = fcmp olt double %v192, %v195
  %v200 = and i1 %v198, %v199
  br i1 %v200, label %leave201, label %stay202
leave201:
  ret i64 3
stay202:
  %v203 = load double, ptr %control, align 8
  %v204 = bitcast double %v203 to i64
  %v205 = and i64 %v204, 9223372036854775807
  %v206 = bitcast i64 %v205 to double
  %v207 = fmul double %v206, 0x3AB0000000000000
  %v208 = fcmp ogt double 0x7830000000000000, %v68
  %v209 = select i1 %v208, double %v68, double 0x3FF0000000000000
  %v210 = fmul double %v209, 0x20B0000000000000
  %v211 = fcmp ogt double %v210, %v207
  %v212 = select i1 %v211, double %v210, double %v207
  %v213 = fcmp ole double %v192, %v212
  br i1 %v213, label %leave214, label %stay215
leave214:
  ret i64 4
stay215:
  %v216 = fcmp oge double %v192, %v68
  %v217 = fcmp olt double %v68, %v192
  %v218 = select i1 %v217, double %v68, double %v192
  %v219 = call double @llvm.copysign.f64(double %v218, double %v65)
  %v220 = fdiv double 0x3FF0000000000000, %v53
  %v221 = load double, ptr %v56, align 8
  %v222 = load double, ptr %v60, align 8
  %v223 = load double, ptr %control, align 8
  %v224 = load double, ptr %v62, align 8
  %v225 = fneg double %v223
  %v226 = fneg double %v224
  %v227 = fadd double %v221, %v225
  %v228 = fsub double %v227, %v221
  %v229 = fsub double %v227, %v228
  %v230 = fsub double %v221, %v229
  %v231 = fsub double %v225, %v228
  %v232 = fadd double %v230, %v231
  %v233 = fadd double %v222, %v226
  %v234 = fsub double %v233, %v222
  %v235 = fsub double %v233, %v234
  %v236 = fsub double %v222, %v235
  %v237 = fsub double %v226, %v234
  %v238 = fadd double %v236, %v237
  %v239 = fadd double %v232, %v233
  %v240 = fadd double %v227, %v239
  %v241 = fsub double %v240, %v227
  %v242 = fsub double %v239, %v241
  %v243 = fadd double %v238, %v242
  %v244 = fadd double %v240, %v243
  %v245 = fsub double %v240, %v244
  %v246 = fadd double %v245, %v243
  %v247 = bitcast double %v240 to i64
  %v248 = and i64 %v247, 9223372036854775807
  %v249 = bitcast i64 %v248 to double
  %v250 = fcmp olt double %v249, 0x7FF0000000000000
  %v251 = select i1 %v250, double %v244, double %v240
  %v252 = fcmp ogt double 0x7FF0000000000000, %v249
  %v253 = select i1 %v252, double %v246, double 0x0000000000000000
  %v254 = bitcast double %v227 to i64
  %v255 = and i64 %v254, 9223372036854775807
  %v256 = bitcast i64 %v255 to double
  %v257 = fcmp olt double %v256, 0x7FF0000000000000
  %v258 = select i1 %v257, double %v251, double %v227
  %v259 = select i1 %v216, double %v258, double %v219
  %v260 = fcmp ole double %v68, %v192
  %v261 = select i1 %v260, double %v253, double 0x0000000000000000
  %v262 = fmul double %v259, %v220
  %v263 = fneg double %v262
  %v264 = call double @llvm.fma.f64(double %v259, double %v220, double %v263)
  %v265 = fmul double %v261, 0x0000000000000000
  %v266 = call double @llvm.fma.f64(double %v259, double 0x0000000000000000, double %v265)
  %v267 = call double @llvm.fma.f64(double %v261, double %v220, double %v266)
  %v268 = fadd double %v264, %v267
  %v269 = fadd double %v262, %v268
  %v270 = fsub double %v262, %v269
  %v271 = fadd double %v270, %v268
  %v272 = bitcast double %v262 to i64
  %v273 = and i64 %v272, 9223372036854775807
  %v274 = bitcast i64 %v273 to double
  %v275 = fcmp olt double %v274, 0x7FF0000000000000
  %v276 = select i1 %v275, double %v269, double %v262
  %v277 = fcmp ogt double 0x7FF0000000000000, %v274
  %v278 = select i1 %v277, double %v271, double 0x0000000000000000
  store double %v276, ptr %v21, align 8
  store double %v278, ptr %v22, align 8
  %v279 = load double, ptr %control, align 8
  %v280 = load double, ptr %v62, align 8
  %v281 = getelementptr inbounds i64, ptr %control, i64 4
  store double %v279, ptr %v281, align 8
  %v282 = getelementptr inbounds i64, ptr %control, i64 5
  store double %v280, ptr %v282, align 8
  %v283 = getelementptr inbounds i64, ptr %control, i64 6
  store double %v219, ptr %v283, align 8
  %v284 = getelementptr inbounds i64, ptr %control, i64 7
  store double %v53, ptr %v284, align 8
  %v285 = fadd double %v279, %v219
  %v286 = fsub double %v285, %v279
  %v287 = fsub double %v285, %v286
  %v288 = fsub double %v279, %v287
  %v289 = fsub double %v219, %v286
  %v290 = fadd double %v288, %v289
  %v291 = fadd double %v290, %v280
  %v292 = fadd double %v285, %v291
  %v293 = fsub double %v292, %v285
  %v294 = fsub double %v291, %v293
  %v295 = load double, ptr %v56, align 8
  %v296 = select i1 %v260, double %v295, double %v292
  store double %v296, ptr %control, align 8
  %v297 = load double, ptr %v60, align 8
  %v298 = select i1 %v260, double %v297, double %v294
  store double %v298, ptr %v62, align 8
  store double %v192, ptr %v77, align 8
  %v299 = bitcast double %v192 to i64
  %v300 = and i64 %v299, 9218868437227405312
  %v301 = bitcast i64 %v300 to double
  store double %v301, ptr %v52, align 8
  %v302 = getelementptr inbounds i64, ptr %control, i64 21
  store i64 1, ptr %v302, align 8
  ret i64 -11
step55:
  ret i64 -10
begin54:
  ret i64 -9
}
define internal double @taylor.log2(double %x0) nounwind noinline {
entry:
  %v1 = bitcast double %x0 to i64
  %v2 = lshr i64 %v1, 52
  %v3 = or i64 %v2, 4841369599423283200
  %v4 = bitcast i64 %v3 to double
  %v5 = fsub double %v4, 0x43300000000003FF
  %v6 = and i64 %v1, 4503599627370495
  %v7 = or i64 %v6, 4607182418800017408
  %v8 = bitcast i64 %v7 to double
  %v9 = fsub double %v8, 0x3FF0000000000000
  %v10 = fmul double %v9, %v9
  %v11 = call double @llvm.fma.f64(double %v9, double 0x3FC40475C5FFD40B, double 0xBFE278D65AEB0821)
  %v12 = call double @llvm.fma.f64(double %v9, double 0x3FF6BBDC74B5898F, double %v5)
  %v13 = call double @llvm.fma.f64(double %v10, double %v11, double %v12)
  ret double %v13
}
define internal double @taylor.exp2(double %x0, double %x1) nounwind noinline {
entry:
  %v1 = fcmp olt double %x0, 0x408F400000000000
  %v2 = select i1 %v1, double %x0, double 0x408F400000000000
  %v3 = fcmp ogt double %v2, 0xC08F400000000000
  %v4 = select i1 %v3, double %v2, double 0xC08F400000000000
  %v5 = call double @llvm.floor.f64(double %v4)
  %v6 = fsub double %v4, %v5
  %v7 = fmul double %v6, %v6
  %v8 = call double @llvm.fma.f64(double %v6, double 0x3FB4418CE8305588, double 0x3FCCCB0A6A672701)
  %v9 = call double @llvm.fma.f64(double %v6, double 0x3FE6450BC8602B8F, double 0x3FF0000000000000)
  %v10 = call double @llvm.fma.f64(double %v7, double %v8, double %v9)
  %v11 = fadd double %v5, 0x43300000000003FF
  %v12 = bitcast double %v11 to i64
  %v13 = shl i64 %v12, 52
  %v14 = bitcast i64 %v13 to double
  %v15 = fmul double %v14, %x1
  %v16 = fmul double %v10, %v15
  ret double %v16
}
declare double @llvm.fma.f64(double, double, double)
declare double @llvm.floor.f64(double)
declare double @llvm.copysign.f64(double, double)
